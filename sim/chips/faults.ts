/** Faults a person or a test can switch on while the chips run. Each is something real chains and adapters have been seen to do. */
import { every, faultTable, flag, Noise, parseDisappear, turn, type FaultName } from '../tty/fault-names.ts';
import type { Disappearance } from '../tty/plug.ts';

export interface ChipFaults {
  /** Hear everything, say nothing. */
  mute: boolean;
  /** Voltage domain without power, counted from 0: its chips and all behind them are cut off. */
  deadDomain: number | null;
  /** Random bytes before every reply. */
  garbage: boolean;
  /** Send every nonce twice. */
  duplicateNonces: boolean;
  /** One byte too many after every Nth reply. */
  strayByteEvery: number | null;
  /** One byte too few in every Nth reply. */
  lostByteEvery: number | null;
  /** A wrong checksum in every Nth reply. */
  wrongCrcEvery: number | null;
  /** Every Nth nonce is one that was not found: a hardware error. */
  badNonceEvery: number | null;
  /** The tty goes away after some seconds, once, and comes back later (0 = it does not). */
  disappear: Disappearance | null;
}

export function noChipFaults(): ChipFaults {
  return { mute: false, deadDomain: null, garbage: false, duplicateNonces: false, strayByteEvery: null, lostByteEvery: null, wrongCrcEvery: null, badNonceEvery: null, disappear: null };
}

/** The names `--fault` takes. */
export const CHIP_FAULT_NAMES: Readonly<Record<string, FaultName<ChipFaults>>> = {
  mute: { usage: 'mute', help: 'hear everything, say nothing', parse: flag({ mute: true }) },
  'dead-domain': { usage: 'dead-domain[=N]', help: 'voltage domain N (default 0) and all chips behind it are cut off', parse: every((deadDomain) => ({ deadDomain }), 0, 0) },
  garbage: { usage: 'garbage', help: 'random bytes before every reply', parse: flag({ garbage: true }) },
  'duplicate-nonces': { usage: 'duplicate-nonces', help: 'every nonce twice', parse: flag({ duplicateNonces: true }) },
  'stray-byte': { usage: 'stray-byte[=N]', help: 'one byte too many after every Nth reply (default 5)', parse: every((strayByteEvery) => ({ strayByteEvery }), 5, 1) },
  'lost-byte': { usage: 'lost-byte[=N]', help: 'one byte too few in every Nth reply (default 5)', parse: every((lostByteEvery) => ({ lostByteEvery }), 5, 1) },
  'wrong-crc': { usage: 'wrong-crc[=N]', help: 'a wrong checksum in every Nth reply (default 5)', parse: every((wrongCrcEvery) => ({ wrongCrcEvery }), 5, 1) },
  'bad-nonce': { usage: 'bad-nonce[=N]', help: 'every Nth nonce was never found (default 5)', parse: every((badNonceEvery) => ({ badNonceEvery }), 5, 1) },
  disappear: { usage: 'disappear[=AFTER[:FOR]]', help: 'the tty goes after AFTER seconds, for FOR seconds (default 10:3; 0 = for good)', parse: parseDisappear },
};

/** Those of chips on a bare line. */
export const CHIP_FAULTS = faultTable(CHIP_FAULT_NAMES, noChipFaults);

/** Reads one fault, `NAME` or `NAME=VALUE`. @throws RigError E_FLAG_INVALID with the names there are */
export const parseChipFault = CHIP_FAULTS.parse;

/** What switches a fault off again. @throws RigError E_FLAG_INVALID with the names there are */
export const clearedChipFault = CHIP_FAULTS.cleared;

/** Puts the faults of the line on what the chips say. */
export class FaultyLine {
  readonly faults: ChipFaults = noChipFaults();
  #replies = 0;
  #nonces = 0;
  readonly #noise = new Noise();

  /** @returns the bytes that leave for one reply */
  spoil(reply: Uint8Array, isNonce: boolean): Uint8Array {
    const { faults } = this;
    if (faults.mute) return new Uint8Array(0);
    this.#replies++;
    const parts: Uint8Array[] = [];
    if (faults.garbage) parts.push(this.noise(1 + (this.#noise.next() % 8)));
    const sent = reply.slice();
    if (turn(faults.wrongCrcEvery, this.#replies)) sent[sent.length - 1] = (sent[sent.length - 1] as number) ^ 0x0b;
    parts.push(turn(faults.lostByteEvery, this.#replies) ? Uint8Array.from(sent).filter((_, i) => i !== 2) : sent);
    if (isNonce && faults.duplicateNonces) parts.push(sent);
    if (turn(faults.strayByteEvery, this.#replies)) parts.push(Uint8Array.of(0));
    return Uint8Array.from(parts.flatMap((part) => [...part]));
  }

  /** The nonce that is reported in place of the one found. */
  nonce(found: number, starved = false): number {
    this.#nonces++;
    return turn(this.faults.badNonceEvery, this.#nonces) || turn(starved ? 3 : null, this.#nonces) ? (found ^ 0x40) >>> 0 : found;
  }

  /** Bytes as the wrong baud makes them. */
  noise(length: number): Uint8Array {
    return this.#noise.bytes(length);
  }
}
