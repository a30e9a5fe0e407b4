/** `rigbrain component`: analysis components of this rig. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { systemClock } from '../../../protocol/common/clock.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { componentFolders, discover, keyOf, type Component, type Found } from '../../hunt/components/discover.ts';
import { runComponent } from '../../hunt/components/run-component.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { textTable } from '../table.ts';
import { openContext } from './context.ts';

export interface ComponentRunFlags {
  readonly input?: readonly string[];
  readonly set?: readonly string[];
  readonly out?: string;
}

export async function componentListCommand(io: CliIo, globals: Globals): Promise<number> {
  const { folders, found } = await look(io, globals);
  if (globals.json) io.out(JSON.stringify(found.map(({ info }) => info)));
  else if (found.length === 0) io.out(`no components in ${folders.join(' or ')}`);
  else for (const line of textTable(io, ['component', 'state', 'folder'], found.map(({ info }) => [keyOf(info), info.usable ? 'usable' : 'quarantined', info.component_path]), 3)) io.out(line);
  // Below the table: a reason is a sentence or more, and would make every line of it as long.
  if (!globals.json) for (const { info } of found) if (!info.usable) io.out(`\n${info.component_path} is quarantined: ${info.reason}`);
  return EXIT.ok;
}

/** @throws RigError E_COMPONENT when there is none of that name */
export async function componentShowCommand(io: CliIo, globals: Globals, name: string): Promise<number> {
  const { found } = await look(io, globals);
  const { info, component } = named(found, name);
  if (globals.json) {
    io.out(JSON.stringify(info));
    return EXIT.ok;
  }
  io.out(`${keyOf(info)}\n${info.description ?? ''}\n${info.component_path}`);
  if (component === null) io.out(`quarantined: ${info.reason}`);
  else for (const line of words(io, component)) io.out(line);
  return EXIT.ok;
}

/** @throws RigError E_COMPONENT, E_FLAG_INVALID */
export async function componentRunCommand(io: CliIo, globals: Globals, name: string, flags: ComponentRunFlags): Promise<number> {
  const { found, dataDir } = await look(io, globals);
  const { info, component } = named(found, name);
  if (component === null) throw new RigError('E_COMPONENT', `${keyOf(info)} is quarantined: ${info.reason}`, { context: { component_path: info.component_path } });
  const outFolder = flags.out === undefined ? path.join(dataDir, 'component_runs', randomUUID()) : path.resolve(io.cwd, flags.out);
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => stop.abort(new RigError('E_COMPONENT', `${keyOf(info)} was stopped (${signal})`));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    const run = await runComponent(component, {
      inputs: pairs('--input', flags.input),
      settings: pairs('--set', flags.set),
      cwd: io.cwd,
      outFolder,
      clock: systemClock,
      signal: stop.signal,
      onOutput: (_, text) => io.err(text.trimEnd()),
    });
    if (globals.json) io.out(JSON.stringify(run));
    else for (const line of textTable(io, ['output', 'value'], Object.entries(run.outputs), 2)) io.out(line);
    return EXIT.ok;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

async function look(io: CliIo, globals: Globals): Promise<{ readonly folders: readonly string[]; readonly found: readonly Found[]; readonly dataDir: string }> {
  const { loaded, dataDir } = openContext(io, globals);
  const folders = componentFolders(dataDir, loaded.config.hunt.components);
  return { folders, found: await discover(folders), dataDir };
}

/** By name, name@version, id or the name of its folder; usable ones first, then the newest. */
function named(found: readonly Found[], name: string): Found {
  const fits = found.filter(({ info, component }) => [info.name, keyOf(info), component?.manifest.id, path.basename(info.component_path)].includes(name));
  const [best] = fits.sort((a, b) => Number(b.info.usable) - Number(a.info.usable) || newer(b.info.version ?? '', a.info.version ?? ''));
  if (best === undefined) throw new RigError('E_COMPONENT', `there is no component ${name}`, { hint: 'Run `rigbrain component list`.' });
  return best;
}

/** Above zero when a is the newer version; a prerelease is older than its release. */
function newer(a: string, b: string): number {
  const [releaseA, preA] = split(a);
  const [releaseB, preB] = split(b);
  return releaseA.localeCompare(releaseB, 'en', { numeric: true }) || Number(preA === undefined) - Number(preB === undefined) || (preA ?? '').localeCompare(preB ?? '', 'en', { numeric: true });
}

function split(version: string): [string, string | undefined] {
  const [release = '', ...pre] = version.split('+')[0]!.split('-');
  return [release, pre.length === 0 ? undefined : pre.join('-')];
}

function words(io: CliIo, { manifest }: Component): string[] {
  const ports = (title: string, list: Component['manifest']['inputs']): string[] => (list.length === 0 ? [] : ['', ...textTable(io, [title, 'type', ''], list.map(({ name, type, description, optional }) => [name, `${type}${optional ? ', optional' : ''}`, description]), 3)]);
  const limits = ({ min, max, options }: Component['manifest']['tunable_variables'][number]): string => [min === undefined ? '' : `from ${min}`, max === undefined ? '' : `to ${max}`, options === undefined ? '' : `one of ${options.join(', ')}`].filter((part) => part !== '').join(' ');
  const variables = manifest.tunable_variables;
  return [
    ...ports('input', manifest.inputs),
    ...ports('output', manifest.outputs),
    ...(variables.length === 0 ? [] : ['', ...textTable(io, ['variable', 'type', 'default', 'allowed', ''], variables.map((variable) => [variable.name, variable.type, String(variable.default), limits(variable), variable.description || variable.label]), 5)]),
  ];
}

function pairs(flag: string, given: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(given.map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw new RigError('E_FLAG_INVALID', `${flag}: must be NAME=VALUE (it is ${text})`);
    return [text.slice(0, at), text.slice(at + 1)];
  }));
}
