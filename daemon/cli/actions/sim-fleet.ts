/** `rigbrain sim fleet FILE`: many simulated devices in one process. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf, RigError } from '../../../protocol/common/errors.ts';
import { BOARDS } from '../../../sim/bitaxe/models.ts';
import { MODELS } from '../../../sim/chips/models.ts';
import { startFleet, type DeviceSpec } from '../../../sim/fleet.ts';
import { STICKS } from '../../../sim/gekko/sticks.ts';
import { MINERS } from '../../../sim/icarus/miner.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { listenTo, obey, statsInWords, stopSignal, type SimDeviceHooks } from './sim-device.ts';

export interface SimFleetFlags {
  readonly hashing: number;
  readonly control?: boolean;
}

const names = <T extends string>(of: readonly T[]): z.ZodType<T> => z.enum(of as readonly [T, ...T[]]);
const keys = <T extends object>(of: T): z.ZodType<keyof T & string> => names(Object.keys(of) as (keyof T & string)[]);
const hashing = { zero_bits: z.int().min(4).max(32).default(12), rate_hs: z.number().positive().nullable().default(null), link: z.string().nullable().default(null), fault: z.array(z.string()).default([]) };

const device = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('chips'), model: keys(MODELS), chips: z.int().min(1).max(128).default(1), ...hashing }),
  z.strictObject({ kind: z.literal('bitaxe'), board: z.coerce.string().refine((version) => BOARDS.some((board) => board.version === version), 'no such board'), replies: z.enum(['v0', 'v1']).default('v1'), heat_speed: z.number().positive().default(1), ...hashing }),
  z.strictObject({ kind: z.literal('stick'), stick: keys(STICKS), chips: z.int().min(1).max(128).optional(), ...hashing }),
  z.strictObject({ kind: z.literal('icarus'), model: keys(MINERS).default('block-erupter'), ...hashing }),
]);
const file = z.record(z.string().regex(/^[a-z0-9-]+$/i, 'a name has letters, digits and -'), device);
type Described = z.output<typeof device>;

/** @throws RigError E_FLAG_INVALID when the file cannot be used; E_SIM_TTY */
export async function simFleet(io: CliIo, globals: Globals, path: string, flags: SimFleetFlags, hooks: SimDeviceHooks = {}): Promise<number> {
  const described = await read(path);
  const stop = hooks.stop ?? stopSignal();
  const tell = (event: string, data: object, words: string): void => io.out(globals.json ? JSON.stringify({ event, at: Date.now(), ...data }) : words);
  const fleet = await startFleet(Object.fromEntries(Object.entries(described).map(([name, spec]) => [name, specOf(spec)])), { hashingPercent: flags.hashing });
  try {
    for (const [name, rig] of fleet.rigs) {
      for (const fault of described[name]?.fault ?? []) rig.fault(fault);
      tell('listening', { name, paths: rig.paths }, `${name}: listening on ${Object.values(rig.paths).join(' and ')}`);
      rig.events.on('plugged', ({ paths }) => tell('plugged', { name, paths }, `${name}: plugged in`));
      rig.events.on('unplugged', ({ reason }) => tell('unplugged', { name, reason }, `${name}: unplugged (${reason})`));
    }
    const follow = async (line: string): Promise<void> => {
      const [name = '', ...rest] = line.split(/\s+/);
      const rig = fleet.rigs.get(name);
      if (!rig) throw new Error(`no device is called "${name}"`);
      await obey(rest.join(' '), rig, (stats) => tell('stats', { name, ...stats }, `${name}: ${statsInWords(stats)}`));
    };
    const input = flags.control === true ? listenTo(hooks.input ?? process.stdin, follow, (message) => tell('error', { message }, message)) : null;
    await stop;
    input?.close();
    for (const [name, rig] of fleet.rigs) tell('closed', { name, ...rig.stats() }, `${name}: ${statsInWords(rig.stats())}`);
  } finally {
    await fleet.close();
  }
  return EXIT.ok;
}

async function read(path: string): Promise<Readonly<Record<string, Described>>> {
  try {
    return file.parse(parse(await readFile(path, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : messageOf(error);
    throw new RigError('E_FLAG_INVALID', `${path} cannot be used: ${why}`, { cause: error, hint: 'Write a device a line: NAME: { kind: stick, stick: 2pac, link: /tmp/pac1 }.' });
  }
}

function specOf(described: Described): DeviceSpec {
  const { zero_bits: zeroBits, fault: _, ...rest } = described;
  if (rest.kind === 'bitaxe') {
    const { heat_speed: heatSpeed, ...board } = rest;
    return { ...board, heatSpeed, zeroBits };
  }
  return { ...rest, zeroBits } as DeviceSpec;
}
