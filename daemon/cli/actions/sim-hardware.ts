/** `rigbrain sim bitaxe`, `stick` and `icarus`. */
import { BOARDS, boardModel } from '../../../sim/bitaxe/models.ts';
import { STICKS, type StickName } from '../../../sim/gekko/sticks.ts';
import { MINERS, type MinerName } from '../../../sim/icarus/miner.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { DEFAULT_RATE_HS, simDevice, type SimDeviceFlags, type SimDeviceHooks } from './sim-device.ts';

export interface SimBitaxeFlags extends SimDeviceFlags {
  readonly board: string;
  readonly replies: 'v0' | 'v1';
  readonly heatSpeed: number;
}

export interface SimIcarusFlags extends SimDeviceFlags {
  readonly model: string;
}

export interface SimStickFlags extends SimDeviceFlags {
  readonly chips?: number;
}

/** @throws RigError E_FLAG_INVALID when there is no such board */
export async function simBitaxe(io: CliIo, globals: Globals, flags: SimBitaxeFlags, hooks?: SimDeviceHooks): Promise<number> {
  const { board, replies, zeroBits, heatSpeed, rate = DEFAULT_RATE_HS, link = null } = flags;
  known('board', board, BOARDS.map(({ version }) => version));
  const { name, chip, chips } = boardModel(board);
  return simDevice(io, globals, { spec: { kind: 'bitaxe', board, replies, zeroBits, heatSpeed, rate_hs: rate, link }, title: `${name} ${board}, ${chips} x ${chip.toUpperCase()}`, facts: { board, model: chip, chips } }, flags, hooks);
}

/** @throws RigError E_FLAG_INVALID when there is no such stick */
export async function simStick(io: CliIo, globals: Globals, name: string, flags: SimStickFlags, hooks?: SimDeviceHooks): Promise<number> {
  const { zeroBits, rate = DEFAULT_RATE_HS, link = null } = flags;
  known('stick', name, Object.keys(STICKS));
  const stick = name as StickName;
  const { title, chip } = STICKS[stick];
  const chips = flags.chips ?? STICKS[stick].chips;
  return simDevice(io, globals, { spec: { kind: 'stick', stick, chips, zeroBits, rate_hs: rate, link }, title: `${title}, ${chips} x ${chip.toUpperCase()}`, facts: { stick, model: chip, chips } }, flags, hooks);
}

/** @throws RigError E_FLAG_INVALID when there is no such model */
export async function simIcarus(io: CliIo, globals: Globals, flags: SimIcarusFlags, hooks?: SimDeviceHooks): Promise<number> {
  const { zeroBits, rate = DEFAULT_RATE_HS, link = null } = flags;
  known('model', flags.model, Object.keys(MINERS));
  const model = flags.model as MinerName;
  return simDevice(io, globals, { spec: { kind: 'icarus', model, zeroBits, rate_hs: rate, link }, title: MINERS[model].title, facts: { model } }, flags, hooks);
}

function known(what: string, name: string, names: readonly string[]): void {
  if (!names.includes(name)) throw new RigError('E_FLAG_INVALID', `no ${what} is called "${name}"`, { hint: `Use one of: ${names.join(', ')}.` });
}
