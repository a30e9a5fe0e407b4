/** Layout of the counters shared with hashing threads: blocks of 16 words, one for the search, then one a thread. See native/search.h. */
import type { ThreadStats } from './types.ts';

export const BLOCK_WORDS = 16;
export const SEARCH = { exhaustedGeneration: 0, threadsAlive: 1 } as const;
export const THREAD = { hashes: 0, generation: 1, switchNs: 2, hits: 3, dropped: 4, wrong: 5, tid: 6, settings: 7 } as const;
export const NICE_SET = 1n;
export const AFFINITY_SET = 2n;

/** Index of a word of thread `thread`. */
export function threadWord(thread: number, word: number): number {
  return (thread + 1) * BLOCK_WORDS + word;
}

export function readThread(counters: BigUint64Array, thread: number): ThreadStats {
  const read = (word: number): bigint => Atomics.load(counters, threadWord(thread, word));
  const generation = Number(read(THREAD.generation));
  const settings = read(THREAD.settings);
  return {
    hashes: read(THREAD.hashes),
    hashing: generation !== 0,
    generation,
    switchUs: Number(read(THREAD.switchNs)) / 1000,
    niceSet: (settings & NICE_SET) !== 0n,
    affinitySet: (settings & AFFINITY_SET) !== 0n,
  };
}

/** Sum of one word over all threads. */
export function sumThreads(counters: BigUint64Array, word: number): bigint {
  let sum = 0n;
  for (let i = BLOCK_WORDS + word; i < counters.length; i += BLOCK_WORDS) sum += Atomics.load(counters, i);
  return sum;
}
