/** `rigbrain devices`: what this installation can drive, and what is plugged in. */
import os from 'node:os';
import { z } from 'zod';
import { keyDocs } from '../../../config/schema-doc.ts';
import { availableCpus } from '../../../drivers/cpu/available-cpus.ts';
import { chooseKernel } from '../../../kernels/choice.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import { byIdName, isAdapter } from '../doctor/serial.ts';
import { thisMachine, type HidInfo, type Machine, type SerialPortInfo } from '../doctor/machine.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import { wrap } from '../help.ts';
import { paint, type CliIo } from '../io.ts';
import { knownDrivers, type KnownDriver } from './drivers.ts';

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

interface FoundPort extends SerialPortInfo {
  /** Name that survives replugging. */
  readonly stable_path: string | null;
}

export async function devices(io: CliIo, globals: Globals, machine: Machine = thisMachine): Promise<number> {
  const [drivers, serial, hid] = await Promise.all([knownDrivers(), findPorts(machine), findHid(machine)]);
  const cpu = findCpu();
  if (globals.json) {
    const listed = drivers.map(({ id, descriptor, problem }) =>
      descriptor === null ? { id, problem } : { id, title: descriptor.title, capabilities: descriptor.capabilities, options: z.toJSONSchema(descriptor.options, { target: 'draft-7', io: 'input' }) },
    );
    io.out(JSON.stringify({ drivers: listed, found: { cpu, serial_ports: serial.ports, serial_problem: serial.problem, hid_devices: hid.devices, hid_problem: hid.problem } }, null, 2));
    return EXIT.ok;
  }
  io.out(paint(io, 'bold', 'Drivers'));
  for (const driver of drivers) for (const line of driverLines(driver)) io.out(line);
  io.out(paint(io, 'bold', 'Found on this machine'));
  io.out(`  cpu: ${cpu.model ?? 'unknown model'}, ${plural(cpu.processors, 'processor')}, ${cpu.kernel === null ? `cannot hash: ${cpu.problem}` : `kernel ${cpu.kernel} (${cpu.isa}, ${plural(cpu.lanes ?? 0, 'lane')})`}`);
  for (const port of serial.ports) io.out(`  serial: ${port.stable_path ?? port.path}${port.manufacturer === null ? '' : `, ${port.manufacturer}`}${port.vendorId === null ? '' : ` ${port.vendorId}:${port.productId}`}`);
  if (serial.problem !== null) io.out(`  serial: ${serial.problem}`);
  else if (serial.ports.length === 0) io.out('  serial: no USB adapter');
  for (const device of hid.devices) io.out(`  hid: ${device.path}, ${[device.manufacturer, device.product].filter(Boolean).join(' ') || 'unnamed'} ${device.vendorId}:${device.productId}`);
  if (hid.problem !== null) io.out(`  hid: ${hid.problem}`);
  else if (hid.devices.length === 0) io.out('  hid: no device');
  return EXIT.ok;
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

async function findPorts(machine: Machine): Promise<{ ports: readonly FoundPort[]; problem: string | null }> {
  try {
    const ports = (await machine.serialPorts()).filter(isAdapter);
    return { ports: ports.map((port) => ({ ...port, stable_path: byIdName(machine, port.path) })), problem: null };
  } catch (error) {
    return { ports: [], problem: `the serialport library cannot be loaded (${messageOf(error).split('\n')[0]})` };
  }
}

async function findHid(machine: Machine): Promise<{ devices: readonly HidInfo[]; problem: string | null }> {
  try {
    return { devices: await machine.hidDevices(), problem: null };
  } catch (error) {
    return { devices: [], problem: `the node-hid library cannot be loaded (${messageOf(error).split('\n')[0]})` };
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
