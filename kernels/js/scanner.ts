import type { Scanner } from '../engine.ts';
import type { KernelInfo } from '../types.ts';
import { expand, IV, midstateOf, rounds, swap, tailOf } from './sha256.ts';

/** Rolled versions that share a schedule. More would save little and lengthen a unit. */
const VERSIONS = 8;
const UNIT_NONCES = 128;

export const JS_KERNEL: KernelInfo = { kernel: 'js', isa: 'JavaScript', lanes: 1, versions: VERSIONS, source: 'js' };

/**
 * The last resort: a plain loop. Starts at round 3, which is the first to see the nonce, and stops at round 60, after which the
 * top word of the hash is known. The schedule of the first hash depends on the tail and the nonce only: versions share it.
 */
export function jsScanner(): Scanner {
  let midstates: Int32Array[] = [];
  let afterRound2: Int32Array[] = [];
  const first = new Int32Array(64);
  const second = new Int32Array(64);
  const state = new Int32Array(8);
  return {
    info: JS_KERNEL,
    unitNonces: UNIT_NONCES,
    rolledNonces: UNIT_NONCES / VERSIONS,
    prepare(header, versions) {
      first.fill(0).set(tailOf(header));
      first[4] = 0x80000000;
      first[15] = 640;
      second.fill(0);
      second[8] = 0x80000000;
      second[15] = 256;
      midstates = Array.from(versions, (version) => midstateOf(header, version));
      afterRound2 = midstates.map((midstate) => midstate.slice());
      for (const words of afterRound2) rounds(words, first, 0, 3);
    },
    scan(from, count, mask, out) {
      let found = 0;
      for (let offset = 0; offset < count; offset++) {
        first[3] = swap((from + offset) | 0);
        expand(first, 64);
        for (let m = 0; m < midstates.length; m++) {
          const midstate = midstates[m] as Int32Array;
          state.set(afterRound2[m] as Int32Array);
          rounds(state, first, 3, 64);
          for (let i = 0; i < 8; i++) second[i] = (state[i] as number) + (midstate[i] as number);
          expand(second, 61);
          state.set(IV);
          rounds(state, second, 0, 61);
          if ((((state[4] as number) + (IV[7] as number)) & mask) === 0 && found + 1 < out.length) {
            out[found++] = offset;
            out[found++] = m;
          }
        }
      }
      return found / 2;
    },
  };
}
