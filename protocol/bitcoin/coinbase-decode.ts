/** Reads a whole coinbase transaction: whom a job pays. The bytes come from a pool, so nothing in them is believed. */
import { readU32LE } from '../common/bytes.ts';
import { assembleCoinbase, heightOfCoinbase } from './coinbase.ts';

export interface CoinbaseOutput {
  readonly value_sat: number;
  readonly script: Uint8Array;
}

export interface DecodedCoinbase {
  readonly kind: 'coinbase';
  /** In the order they stand. */
  readonly outputs: readonly CoinbaseOutput[];
  readonly total_sat: number;
  /** BIP34; null = it does not tell. */
  readonly height: number | null;
  /** Printable ASCII of the coinbase script; null = none. */
  readonly tag: string | null;
}

export interface UnreadableCoinbase {
  readonly kind: 'unreadable';
  /** Plain words, without bytes of the pool. */
  readonly reason: string;
}

/** 21 million coins: no output and no sum of outputs is more. */
const MAX_MONEY_SAT = 2_100_000_000_000_000;
/** A script in a block cannot be longer and still be spent. */
const MAX_SCRIPT_BYTES = 10_000;
const MIN_OUTPUT_BYTES = 9;
const TAG_RUN = 4;
const TAG_CHARS = 100;

class Unreadable extends Error {}

class Reader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  take(count: number, what: string): Uint8Array {
    if (count > this.left) throw new Unreadable(`it ends within ${what}`);
    this.at += count;
    return this.#bytes.subarray(this.at - count, this.at);
  }

  byte(what: string): number {
    return this.take(1, what)[0]!;
  }

  u32(what: string): number {
    return readU32LE(this.take(4, what));
  }

  /** Bitcoin's variable-length count; longer than needed is not allowed, and nothing in a coinbase needs 8 bytes. */
  count(what: string): number {
    const first = this.byte(what);
    if (first < 0xfd) return first;
    if (first === 0xff) throw new Unreadable(`${what} is too large`);
    const value = first === 0xfd ? this.byte(what) | (this.byte(what) << 8) : this.u32(what);
    if (value < (first === 0xfd ? 0xfd : 0x1_0000)) throw new Unreadable(`${what} is written longer than it is`);
    return value;
  }

  value(): number {
    const low = this.u32('an amount');
    const value = this.u32('an amount') * 2 ** 32 + low;
    if (value > MAX_MONEY_SAT) throw new Unreadable('an output is worth more than all coins there will be');
    return value;
  }
}

/** Reads a serialised coinbase, with or without BIP141's marker, flag and witness. Never throws. */
export function decodeCoinbase(bytes: Uint8Array): DecodedCoinbase | UnreadableCoinbase {
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof Unreadable) return { kind: 'unreadable', reason: error.message };
    throw error;
  }
}

/** Of a Stratum job: the extranonces stand as zeros, so that they are not taken for text. Never throws. */
export function decodeJobCoinbase(job: { readonly coinb1: Uint8Array; readonly extranonce1: Uint8Array; readonly extranonce2Size: number; readonly coinb2: Uint8Array }): DecodedCoinbase | UnreadableCoinbase {
  return decodeCoinbase(assembleCoinbase(job.coinb1, new Uint8Array(job.extranonce1.length), new Uint8Array(job.extranonce2Size), job.coinb2));
}

function decode(bytes: Uint8Array): DecodedCoinbase {
  const reader = new Reader(bytes);
  reader.u32('the version');
  // BIP144: no transaction has 0 inputs, so 00 01 here is marker and flag.
  const hasWitness = bytes[4] === 0 && bytes[5] === 1;
  if (hasWitness) reader.take(2, 'marker and flag');
  if (reader.count('the number of inputs') !== 1) throw new Unreadable('it does not have exactly one input');
  const outpoint = reader.take(36, 'the input');
  if (outpoint.subarray(0, 32).some((byte) => byte !== 0) || readU32LE(outpoint, 32) !== 0xffff_ffff) throw new Unreadable('its input spends another transaction');
  const scriptLength = reader.count('the length of the coinbase script');
  if (scriptLength < 2 || scriptLength > 100) throw new Unreadable(`its coinbase script has ${scriptLength} bytes, not 2 to 100`);
  const script = reader.take(scriptLength, 'the coinbase script');
  reader.u32('the sequence');
  const outputs = readOutputs(reader);
  if (hasWitness) skipWitness(reader);
  reader.u32('the lock time');
  if (reader.left > 0) throw new Unreadable(`${reader.left} bytes follow its end`);
  const total = outputs.reduce((sum, { value_sat }) => sum + value_sat, 0);
  if (total > MAX_MONEY_SAT) throw new Unreadable('its outputs are worth more than all coins there will be');
  return { kind: 'coinbase', outputs, total_sat: total, height: heightOfCoinbase(bytes), tag: tagOf(script) };
}

function readOutputs(reader: Reader): CoinbaseOutput[] {
  const count = reader.count('the number of outputs');
  if (count === 0) throw new Unreadable('it pays nobody');
  if (count * MIN_OUTPUT_BYTES > reader.left) throw new Unreadable('it ends within the outputs');
  const outputs: CoinbaseOutput[] = [];
  for (let index = 0; index < count; index++) {
    const value = reader.value();
    const length = reader.count('the length of an output script');
    if (length > MAX_SCRIPT_BYTES) throw new Unreadable('an output script is too long');
    // A copy: the outputs outlive the job.
    outputs.push({ value_sat: value, script: reader.take(length, 'an output script').slice() });
  }
  return outputs;
}

function skipWitness(reader: Reader): void {
  const items = reader.count('the number of witness items');
  if (items > reader.left) throw new Unreadable('it ends within the witness');
  for (let index = 0; index < items; index++) reader.take(reader.count('the length of a witness item'), 'the witness');
}

/** Runs of printable ASCII, joined by spaces; shorter runs are chance. The first item, the height, is none. */
function tagOf(script: Uint8Array): string | null {
  const skip = script[0]! <= 8 ? 1 + script[0]! : 1;
  let text = '';
  for (const byte of script.subarray(skip)) text += byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : '\n';
  const runs = text
    .split(/\n+/)
    .map((run) => run.trim())
    .filter((run) => run.length >= TAG_RUN);
  return runs.length === 0 ? null : runs.join(' ').slice(0, TAG_CHARS);
}
