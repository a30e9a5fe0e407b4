import { FIRST_STORED_ROUND } from '../search.ts';
import { BYTES, LANES } from './machine.ts';

/** Where things stand in the memory both halves share. Offsets in bytes from the start of a table or buffer. */
export interface Layout {
  /** First round that the vector half computes, even, 20 to 64. */
  readonly split: number;
  /** Table of a batch of nonces: 16 bytes a lane (0, n, 0, n), what the nonce adds to F E B A. */
  readonly nonces: number;
  /** W + K of rounds 4 to 17, the same in all lanes. */
  readonly fixed: number;
  /** W + K of rounds 18 to `split` - 1, in pairs of rounds. */
  readonly pairs: number;
  /** W + K of rounds `split` to 63, a vector each. */
  readonly keys: number;
  /** The nonces as SHA-256 reads them, a vector. */
  readonly words: number;
  readonly tableBytes: number;
}

export function layoutOf(split: number): Layout {
  if (split % 2 !== 0 || split < 20 || split > 64) throw new Error(`the split must be an even round from 20 to 64, not ${split}`);
  const nonces = 0;
  const fixed = nonces + 16 * LANES;
  const pairs = fixed + BYTES;
  const keys = pairs + ((split - FIRST_STORED_ROUND) / 2) * 2 * BYTES;
  const words = keys + (64 - split) * BYTES;
  return { split, nonces, fixed, pairs, keys, words, tableBytes: words + BYTES };
}

/** W + K of rounds t and t + 1 of one lane: where unpacking the two vectors puts them. */
export function pairAt({ pairs }: Layout, t: number, lane: number): number {
  const upper = lane % 4 >= 2;
  return pairs + (t - FIRST_STORED_ROUND) * BYTES + (upper ? BYTES : 0) + 16 * Math.floor(lane / 4) + 8 * (lane % 2);
}

/** The state of one lane on its way from one half to the other; half 0 is F E B A, half 1 H G D C. `transpose` reads it as rows. */
export function stateAt(lane: number, half: number): number {
  return rowAt(lane % 4, half) + 16 * Math.floor(lane / 4);
}

export function rowAt(j: number, half: number): number {
  return (4 * half + j) * BYTES;
}

export const STATE_BYTES = 8 * BYTES;
