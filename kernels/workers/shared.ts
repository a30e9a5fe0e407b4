/** Memory shared between the event loop and the hashing workers. The same scheme as native/search.c, with Atomics. */
import type { EngineJob } from '../engine.ts';
import type { WasmModule } from '../wasm/web-assembly.ts';

/** Words of the control block. `wake` changes whenever anything a worker must look at has changed. */
export const CONTROL = { wake: 0, stopping: 1, paused: 2, limitPercent: 3, notified: 4, generation: 5 } as const;
export const CONTROL_WORDS = 8;

/** Words of a job's progress block (64 bit): units claimed and units finished. */
export const PROGRESS = { claimed: 0, finished: 1 } as const;

/** What a worker is started with. */
export interface WorkerSetup {
  readonly index: number;
  readonly nice: number;
  /** Compiled WASM kernel; null = the plain JavaScript one. */
  readonly module: WasmModule | null;
  readonly control: Int32Array;
  readonly counters: BigUint64Array;
  readonly ring: Int32Array;
}

/** A job on its way to a worker; null = drop the current one. */
export interface WorkerJob extends EngineJob {
  readonly generation: number;
  /** process.hrtime, when it was set. */
  readonly publishedNs: bigint;
  readonly progress: BigInt64Array;
}

/** Hits a thread may have waiting, in native/hit_ring.h too (RB_RING_SIZE); the last RESERVED only for a new best hash of the job. */
export const RING_HITS = 256;
const RESERVED = 32;
const HEAD = 0;
const TAIL = 1;
const FIRST_SLOT = 2;
const SLOT_WORDS = 3;
export const RING_WORDS = FIRST_SLOT + RING_HITS * SLOT_WORDS;

/** Called by the worker only. @returns false when there was no room */
export function pushHit(ring: Int32Array, generation: number, nonce: number, version: number, record: boolean): boolean {
  const head = Atomics.load(ring, HEAD);
  const used = (head - Atomics.load(ring, TAIL)) | 0;
  if (used >= RING_HITS - (record ? 0 : RESERVED)) return false;
  const at = FIRST_SLOT + (head & (RING_HITS - 1)) * SLOT_WORDS;
  ring[at] = generation;
  ring[at + 1] = nonce;
  ring[at + 2] = version;
  Atomics.store(ring, HEAD, (head + 1) | 0);
  return true;
}

/** Called by the event loop only. Reads hits of `generation` into `out` from pair `count` on, throws older ones away. @returns the new count */
export function drainRing(ring: Int32Array, generation: number, out: Uint32Array, count: number): number {
  let tail = Atomics.load(ring, TAIL);
  const head = Atomics.load(ring, HEAD);
  while (tail !== head && 2 * count < out.length) {
    const at = FIRST_SLOT + (tail & (RING_HITS - 1)) * SLOT_WORDS;
    if (ring[at] === generation) {
      out[2 * count] = ring[at + 1] as number;
      out[2 * count + 1] = ring[at + 2] as number;
      count++;
    }
    tail = (tail + 1) | 0;
  }
  Atomics.store(ring, TAIL, tail);
  return count;
}
