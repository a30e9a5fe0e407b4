/** `rigbrain sim bm1370`, `bitaxe`, `stick` and `icarus`: a simulated device on its ttys. */
import { createInterface } from 'node:readline';
import { messageOf } from '../../../protocol/common/errors.ts';
import { faultsOf, startDevice, type DeviceSpec } from '../../../sim/fleet.ts';
import type { SimRig } from '../../../sim/tty/rig.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';

/** What a small board computes without notice. */
export const DEFAULT_RATE_HS = 2e6;

/** Options that every simulated device has. */
export interface SimDeviceFlags {
  /** Most hashes per second. */
  readonly rate?: number;
  readonly link?: string;
  readonly zeroBits: number;
  readonly fault?: readonly string[];
  readonly control?: boolean;
}

/** What a caller other than the command line gives. */
export interface SimDeviceHooks {
  /** Resolves when the device is to go; Ctrl-C and SIGTERM when left out. */
  readonly stop?: Promise<void>;
  /** Where `--control` reads. */
  readonly input?: NodeJS.ReadableStream;
}

export interface SimDevice {
  readonly spec: DeviceSpec;
  /** For a person, e.g. `2 x BM1370`. */
  readonly title: string;
  /** Of what it is, for a program. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Runs it until it is told to stop. @throws RigError E_SIM_TTY, E_FLAG_INVALID */
export async function simDevice(io: CliIo, globals: Globals, { spec, title, facts }: SimDevice, flags: SimDeviceFlags, hooks: SimDeviceHooks = {}): Promise<number> {
  const wanted = flags.fault ?? [];
  if (wanted.includes('list')) {
    for (const { usage, help } of Object.values(faultsOf(spec))) io.out(`${usage.padEnd(28)}${help}`);
    return EXIT.ok;
  }
  const stop = hooks.stop ?? stopSignal();
  const rig = await startDevice(spec);
  const tell = (event: string, data: object, words: string): void => io.out(globals.json ? JSON.stringify({ event, at: Date.now(), ...data }) : words);
  try {
    for (const fault of wanted) rig.fault(fault);
  } catch (error) {
    await rig.close();
    throw error;
  }
  const ports = Object.keys(rig.paths).map((role) => (flags.link === undefined ? rig.paths[role as keyof typeof rig.paths] : Object.keys(rig.paths).length === 1 ? flags.link : `${flags.link}-${role}`));
  const link = flags.link === undefined ? {} : { link: flags.link };
  tell('listening', { path: rig.path, paths: rig.paths, ...link, ...facts, zero_bits: flags.zeroBits }, `listening on ${ports.join(' and ')} (${title}; Ctrl-C stops)`);
  rig.events.on('plugged', ({ path, paths }) => tell('plugged', { path, paths }, `plugged in: ${Object.values(paths).join(' and ')}`));
  rig.events.on('unplugged', ({ reason }) => tell('unplugged', { reason }, `unplugged (${reason})`));
  const input = flags.control === true ? listenTo(hooks.input ?? process.stdin, (line) => obey(line, rig, (stats) => tell('stats', stats, statsInWords(stats))), (error) => tell('error', { message: error }, error)) : null;
  await stop;
  input?.close();
  const stats = rig.stats();
  await rig.close();
  tell('closed', stats, `closed: ${statsInWords(stats)}`);
  return EXIT.ok;
}

/** Hands on each line that is not empty, and tells what was wrong with it. */
export function listenTo(input: NodeJS.ReadableStream, obeyLine: (line: string) => Promise<void>, complain: (message: string) => void): { close: () => void } {
  const lines = createInterface({ input });
  lines.on('line', (line) => {
    if (line.trim() !== '') obeyLine(line.trim()).catch((error: unknown) => complain(messageOf(error)));
  });
  return lines;
}

/** `fault NAME[=VALUE]`, `clear NAME`, `reset`, `power-cycle`, `unplug`, `plug`, `stats`. */
export async function obey(line: string, rig: SimRig, tellStats: (stats: Readonly<Record<string, unknown>>) => void): Promise<void> {
  const [word, rest = ''] = line.split(/\s+/, 2);
  if (word === 'fault') rig.fault(rest);
  else if (word === 'clear') rig.clear(rest);
  else if (word === 'reset') rig.reset();
  else if (word === 'power-cycle') rig.powerCycle();
  else if (word === 'unplug') await rig.unplug();
  else if (word === 'plug') await rig.plug();
  else if (word === 'stats') tellStats(rig.stats());
  else throw new Error(`"${line}" is not understood: write fault NAME[=VALUE], clear NAME, reset, power-cycle, unplug, plug or stats`);
}

export function statsInWords(stats: Readonly<Record<string, unknown>>): string {
  return Object.entries(stats)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? Math.round(value * 100) / 100 : String(value)}`)
    .join(', ');
}

export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
