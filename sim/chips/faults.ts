/** Faults a person or a test can switch on while the chips run. Each is something real chains and adapters have been seen to do. */
import { RigError } from '../../protocol/common/errors.ts';

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
  /** A wrong checksum in every Nth reply. */
  wrongCrcEvery: number | null;
  /** Every Nth nonce is one that was not found: a hardware error. */
  badNonceEvery: number | null;
  /** The tty goes away after some seconds, once, and comes back later (0 = it does not). */
  disappear: { readonly after_s: number; readonly for_s: number } | null;
}

export function noChipFaults(): ChipFaults {
  return { mute: false, deadDomain: null, garbage: false, duplicateNonces: false, strayByteEvery: null, wrongCrcEvery: null, badNonceEvery: null, disappear: null };
}

interface FaultName {
  readonly usage: string;
  readonly help: string;
  /** Null when the value cannot be used. */
  readonly parse: (value: string | null) => Partial<ChipFaults> | null;
}

const flag = (fault: Partial<ChipFaults>) => (value: string | null) => (value === null ? fault : null);
const every = (make: (value: number) => Partial<ChipFaults>, fallback: number, least: number) => (text: string | null) => {
  const value = text === null ? fallback : Number(text);
  return /^\d{1,6}$/.test(text ?? '0') && value >= least ? make(value) : null;
};

/** The names `--fault` takes. */
export const CHIP_FAULT_NAMES: Readonly<Record<string, FaultName>> = {
  mute: { usage: 'mute', help: 'hear everything, say nothing', parse: flag({ mute: true }) },
  'dead-domain': { usage: 'dead-domain[=N]', help: 'voltage domain N (default 0) and all chips behind it are cut off', parse: every((deadDomain) => ({ deadDomain }), 0, 0) },
  garbage: { usage: 'garbage', help: 'random bytes before every reply', parse: flag({ garbage: true }) },
  'duplicate-nonces': { usage: 'duplicate-nonces', help: 'every nonce twice', parse: flag({ duplicateNonces: true }) },
  'stray-byte': { usage: 'stray-byte[=N]', help: 'one byte too many after every Nth reply (default 5)', parse: every((strayByteEvery) => ({ strayByteEvery }), 5, 1) },
  'wrong-crc': { usage: 'wrong-crc[=N]', help: 'a wrong checksum in every Nth reply (default 5)', parse: every((wrongCrcEvery) => ({ wrongCrcEvery }), 5, 1) },
  'bad-nonce': { usage: 'bad-nonce[=N]', help: 'every Nth nonce was never found (default 5)', parse: every((badNonceEvery) => ({ badNonceEvery }), 5, 1) },
  disappear: { usage: 'disappear[=AFTER[:FOR]]', help: 'the tty goes after AFTER seconds, for FOR seconds (default 10:3; 0 = for good)', parse: parseDisappear },
};

function parseDisappear(text: string | null): Partial<ChipFaults> | null {
  const match = /^(\d{1,5}(?:\.\d{1,3})?)(?::(\d{1,5}(?:\.\d{1,3})?))?$/.exec(text ?? '10:3');
  return match ? { disappear: { after_s: Number(match[1]), for_s: Number(match[2] ?? 3) } } : null;
}

/**
 * Reads one fault, `NAME` or `NAME=VALUE`.
 * @throws RigError E_FLAG_INVALID with the names there are
 */
export function parseChipFault(text: string): Partial<ChipFaults> {
  const [name, value] = split(text);
  const fault = known(name).parse(value);
  if (!fault) throw new RigError('E_FLAG_INVALID', `fault "${text}" cannot be used`, { hint: `Write ${known(name).usage}.` });
  return fault;
}

/**
 * What switches a fault off again.
 * @throws RigError E_FLAG_INVALID with the names there are
 */
export function clearedChipFault(name: string): Partial<ChipFaults> {
  const none = noChipFaults();
  const keys = Object.keys(known(name).parse(null) ?? {}) as (keyof ChipFaults)[];
  return Object.fromEntries(keys.map((key) => [key, none[key]]));
}

function split(text: string): [string, string | null] {
  const cut = text.indexOf('=');
  return cut < 0 ? [text, null] : [text.slice(0, cut), text.slice(cut + 1)];
}

function known(name: string): FaultName {
  const fault = Object.hasOwn(CHIP_FAULT_NAMES, name) ? CHIP_FAULT_NAMES[name] : undefined;
  if (!fault) throw new RigError('E_FLAG_INVALID', `no fault is called "${name}"`, { hint: `Use one of: ${Object.keys(CHIP_FAULT_NAMES).join(', ')}.` });
  return fault;
}

/** Puts the faults of the line on what the chips say. */
export class FaultyLine {
  readonly faults: ChipFaults = noChipFaults();
  #replies = 0;
  #nonces = 0;
  #random = 0x9e3779b9;

  /** @returns the bytes that leave for one reply */
  spoil(reply: Uint8Array, isNonce: boolean): Uint8Array {
    const { faults } = this;
    if (faults.mute) return new Uint8Array(0);
    this.#replies++;
    const parts: Uint8Array[] = [];
    if (faults.garbage) parts.push(this.noise(1 + (this.#next() % 8)));
    const sent = reply.slice();
    if (turn(faults.wrongCrcEvery, this.#replies)) sent[sent.length - 1] = (sent[sent.length - 1] as number) ^ 0x0b;
    parts.push(sent);
    if (isNonce && faults.duplicateNonces) parts.push(sent);
    if (turn(faults.strayByteEvery, this.#replies)) parts.push(Uint8Array.of(0));
    return Uint8Array.from(parts.flatMap((part) => [...part]));
  }

  /** The nonce that is reported in place of the one found. */
  nonce(found: number): number {
    this.#nonces++;
    return turn(this.faults.badNonceEvery, this.#nonces) ? (found ^ 0x40) >>> 0 : found;
  }

  /** Bytes as the wrong baud makes them. */
  noise(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#next() & 0xff);
  }

  /** xorshift32: the same run gives the same noise. */
  #next(): number {
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x;
    return x >>> 8;
  }
}

function turn(everyNth: number | null, count: number): boolean {
  return everyNth !== null && count % everyNth === 0;
}
