/** `rigbrain devices`: what is plugged in and which driver speaks to it; what the drivers of this installation take. */
import os from 'node:os';
import { z } from 'zod';
import { keyDocs } from '../../../config/schema-doc.ts';
import { availableCpus } from '../../../drivers/cpu/available-cpus.ts';
import { chooseKernel } from '../../../kernels/choice.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import { thisMachine, type Machine } from '../doctor/machine.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import { wrap } from '../help.ts';
import { paint, type CliIo } from '../io.ts';
import { openContext } from './context.ts';
import { knownDrivers, type KnownDriver } from './drivers.ts';
import { entriesOf, entryFindings, type ConfiguredEntry } from './configured-entries.ts';
import { foundJson, foundLines, hidDevices } from './found-devices.ts';

interface FoundCpu {
  readonly model: string | null;
  /** Processors this process may use. */
  readonly processors: number;
  /** Kernel that would hash; null with a reason when none can. */
  readonly kernel: string | null;
  readonly isa: string | null;
  readonly lanes: number | null;
  readonly problem: string | null;
}

/** @param options.drivers show the drivers with their options instead of what is plugged in; as JSON both are told */
export async function devices(io: CliIo, globals: Globals, options: { readonly drivers: boolean } = { drivers: false }, machine: Machine = thisMachine): Promise<number> {
  const drivers = await knownDrivers();
  if (options.drivers && !globals.json) {
    io.out(paint(io, 'bold', 'Drivers'));
    for (const driver of drivers) for (const line of driverLines(driver)) io.out(line);
    return EXIT.ok;
  }
  const found = await machine.find();
  const cpu = findCpu();
  const config = configured(io, globals);
  const view = { found, ...config, configured: await entryFindings(config.entries, found), driverIds: drivers.flatMap(({ id, descriptor }) => (descriptor === null ? [] : [id])), problemOf: machine.portProblem };
  const hid = hidDevices(machine);
  if (globals.json) {
    const listed = drivers.map(({ id, descriptor, problem }) =>
      descriptor === null ? { id, problem } : { id, title: descriptor.title, capabilities: descriptor.capabilities, options: z.toJSONSchema(descriptor.options, { target: 'draft-7', io: 'input' }) },
    );
    io.out(JSON.stringify({ drivers: listed, found: { cpu, ...foundJson(view), hid_devices: hid } }, null, 2));
    return EXIT.ok;
  }
  io.out(paint(io, 'bold', 'Found on this machine'));
  io.out(`  cpu: ${cpu.model ?? 'unknown model'}, ${plural(cpu.processors, 'processor')}, ${cpu.kernel === null ? `cannot hash: ${cpu.problem}` : `kernel ${cpu.kernel} (${cpu.isa}, ${plural(cpu.lanes ?? 0, 'lane')})`}`);
  for (const line of foundLines(io, view)) io.out(line);
  const shown = new Set(found.devices.flatMap((device) => device.hidraws));
  for (const device of hid) if (!shown.has(device.path)) io.out(`  hid: ${device.path}, ${device.name ?? 'unnamed'} ${device.vendor_id}:${device.product_id}`);
  io.out('');
  io.out(`Drivers here: ${drivers.map(({ id, problem }) => (problem === null ? id : `${id} (${problem})`)).join(', ')}. Their options: rigbrain devices --drivers`);
  return EXIT.ok;
}

/** What the configuration says of devices; nothing when it cannot be read (`rigbrain check` says why). */
function configured(io: CliIo, globals: Globals): { readonly entries: ConfiguredEntry[]; readonly discovers: boolean } {
  try {
    const { devices: listed, discovery } = openContext(io, globals).loaded.config;
    return { entries: entriesOf(listed), discovers: discovery.enabled };
  } catch {
    return { entries: [], discovers: true };
  }
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function findCpu(): FoundCpu {
  const base = { model: os.cpus()[0]?.model.trim() ?? null, processors: availableCpus() };
  try {
    const { kernel, isa, lanes } = chooseKernel().kernel.info;
    return { ...base, kernel, isa, lanes, problem: null };
  } catch (error) {
    return { ...base, kernel: null, isa: null, lanes: null, problem: messageOf(error) };
  }
}

const COLUMN = 20;

function driverLines({ id, descriptor, problem }: KnownDriver): string[] {
  if (descriptor === null) return [`  ${id}: ${problem}`];
  const head = [`  ${id}: ${descriptor.title}`, `    commands: ${descriptor.capabilities.join(', ') || 'none'}`, '    options:'];
  const options = keyDocs(descriptor.options).flatMap(({ key, type, fallback, required, description }) => {
    const text = `${description} (${type}${fallback !== null ? `, default ${fallback}` : required ? ', required' : ''})`;
    return wrap(text, 72 - COLUMN).map((line, index) => `      ${(index === 0 ? key : '').padEnd(COLUMN)}${line}`);
  });
  return [...head, ...options];
}
