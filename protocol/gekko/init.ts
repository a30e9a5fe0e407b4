/**
 * Start-up of the sticks whose chips have their own framing (BM1384, BM1387), after the chips have been counted: as a
 * list of steps, so that the driver only sends and waits. Hardware reference 4 and 9.
 */
import { encodeBm1384Command } from './bm1384-command.ts';
import { bm1384RampTask } from './bm1384-job.ts';
import { bm1384PllWord } from './bm1384-pll.ts';
import { bm1387MiscControl, BM1387_REGISTER, encodeBm1387Command } from './bm1387-command.ts';
import { bm1387RampJob } from './bm1387-job.ts';
import { bm1387PllValue } from './bm1387-pll.ts';
import { GEKKO_STICKS } from './sticks.ts';
import type { GekkoStickName } from './sticks.ts';

export type GekkoStep =
  | { readonly kind: 'send'; readonly frame: Uint8Array; readonly waitMsAfter: number; readonly meaning: string }
  /** Change the host's speed once all bytes have left. */
  | { readonly kind: 'host-baud'; readonly baud: number; readonly waitMsAfter: number };

const RAMP_STEP_MS = 10;

function send(frame: Uint8Array, waitMsAfter: number, meaning: string): GekkoStep {
  return { kind: 'send', frame, waitMsAfter, meaning };
}

/** The command every chip of the chain answers with its id: count the answers until the line is silent. */
export function gekkoCountChips(chip: 'BM1384' | 'BM1387'): Uint8Array {
  return chip === 'BM1384' ? encodeBm1384Command({ kind: 'read', address: null, register: 0 }) : encodeBm1387Command({ kind: 'read', address: null, register: BM1387_REGISTER.chipId });
}

/** Address of a chip in a chain: the 256 addresses are shared evenly. */
export function gekkoAddress(index: number, chips: number): number {
  return Math.floor(256 / chips) * index;
}

/**
 * Steps from counted chips to open cores at `startMhz`.
 * @param chips how many answered: never fewer than the stick has, or they would search the same nonces
 * @throws RangeError when the stick's chip is driven as BM13xx, or chips or frequency cannot be
 */
export function gekkoInit(name: GekkoStickName, chips: number, startMhz: number): GekkoStep[] {
  const stick = GEKKO_STICKS[name];
  if (!Number.isInteger(chips) || chips < 1 || chips > 256) throw new RangeError(`a chain has 1 .. 256 chips, not ${chips}`);
  if (stick.chip === 'BM1384') return bm1384Init(chips, startMhz, stick.coresPerChip!);
  if (stick.chip === 'BM1387') return bm1387Init(chips, startMhz, stick.coresPerChip!, stick.baud);
  throw new RangeError(`${stick.title} has ${stick.chip} chips: start it as a BM13xx chain`);
}

function bm1384Init(chips: number, startMhz: number, cores: number): GekkoStep[] {
  return [
    ...bm1384SetFrequency(startMhz),
    send(encodeBm1384Command({ kind: 'chain-inactive' }), 1, 'chain inactive'),
    ...Array.from({ length: chips }, (_, i) => send(encodeBm1384Command({ kind: 'set-address', address: gekkoAddress(i, chips) }), 1, 'set address')),
    ...Array.from({ length: cores + 1 }, (_, i) => send(bm1384RampTask(i), RAMP_STEP_MS, 'open a core')),
  ];
}

/** Sets the frequency of all BM1384 and asks for it: the answer is proof that the chips still listen. */
export function bm1384SetFrequency(mhz: number): GekkoStep[] {
  return [
    send(encodeBm1384Command({ kind: 'set-frequency', word: bm1384PllWord(mhz) }), 1, `PLL ${mhz} MHz`),
    send(encodeBm1384Command({ kind: 'read', address: null, register: 0x04 }), 1, 'read frequency'),
  ];
}

const BAUD_DIVIDER = 1;

function bm1387Init(chips: number, startMhz: number, cores: number, baud: number): GekkoStep[] {
  const write = (register: number, value: number): Uint8Array => encodeBm1387Command({ kind: 'write', address: null, register, value });
  const inactive = send(encodeBm1387Command({ kind: 'chain-inactive' }), 5, 'chain inactive');
  return [
    inactive,
    inactive,
    inactive,
    ...Array.from({ length: chips }, (_, i) => send(encodeBm1387Command({ kind: 'set-address', address: gekkoAddress(i, chips) }), i === chips - 1 ? 10 : 5, 'set address')),
    send(write(BM1387_REGISTER.miscControl, bm1387MiscControl(BAUD_DIVIDER)), 10, 'baud divider 1'),
    { kind: 'host-baud', baud, waitMsAfter: 10 },
    send(write(BM1387_REGISTER.miscControl, bm1387MiscControl(BAUD_DIVIDER, true)), 10, 'gate idle blocks'),
    ...bm1387SetFrequency(startMhz),
    ...Array.from({ length: cores + 1 }, (_, i) => send(bm1387RampJob(i, 1), RAMP_STEP_MS, 'open a core')),
  ];
}

/** Sets the frequency of all BM1387 and asks for it. */
export function bm1387SetFrequency(mhz: number): GekkoStep[] {
  return [
    send(encodeBm1387Command({ kind: 'write', address: null, register: BM1387_REGISTER.pll, value: bm1387PllValue(mhz) }), 10, `PLL ${mhz} MHz`),
    send(encodeBm1387Command({ kind: 'read', address: null, register: BM1387_REGISTER.pll }), 10, 'read PLL'),
  ];
}
