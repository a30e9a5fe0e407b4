import type { Scanner } from '../engine.ts';
import type { KernelInfo } from '../types.ts';
import { expand, IV, midstateOf, rounds, swap, tailOf } from './sha256.ts';

export const JS_KERNEL: KernelInfo = { kernel: 'js', isa: 'JavaScript', lanes: 1, source: 'js' };

/**
 * The last resort: a plain loop. Starts at round 3, which is the first to see the nonce, and stops at round 60, after which the
 * top word of the hash is known.
 */
export function jsScanner(): Scanner {
  let midstate: Int32Array = new Int32Array(8);
  const first = new Int32Array(64);
  const second = new Int32Array(64);
  const afterRound2 = new Int32Array(8);
  const state = new Int32Array(8);
  return {
    info: JS_KERNEL,
    unitNonces: 256,
    prepare(header, version) {
      midstate = midstateOf(header, version);
      first.fill(0).set(tailOf(header));
      first[4] = 0x80000000;
      first[15] = 640;
      second.fill(0);
      second[8] = 0x80000000;
      second[15] = 256;
      afterRound2.set(midstate);
      rounds(afterRound2, first, 0, 3);
    },
    scan(from, count, mask, out) {
      let found = 0;
      for (let offset = 0; offset < count; offset++) {
        first[3] = swap((from + offset) | 0);
        expand(first, 64);
        state.set(afterRound2);
        rounds(state, first, 3, 64);
        for (let i = 0; i < 8; i++) second[i] = (state[i] as number) + (midstate[i] as number);
        expand(second, 61);
        state.set(IV);
        rounds(state, second, 0, 61);
        if ((((state[4] as number) + (IV[7] as number)) & mask) === 0 && found < out.length) out[found++] = offset;
      }
      return found;
    },
  };
}
