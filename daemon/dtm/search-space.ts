import { bytesToHex } from '../../protocol/common/bytes.ts';
import type { Job } from '../mining/job.ts';

/** A piece of one job's search space that has been given to nobody else. */
export interface SearchPiece {
  readonly extranonce2: Uint8Array;
  readonly nonceFrom: number;
  readonly nonceTo: number;
}

const NO_PREFIX = new Uint8Array(0);
const NONCE_SPACE = 2 ** 32;
/** With no extranonce2 at all the nonce range is the only thing left to share out: 256 windows of 2^24. */
const WINDOWS_WITHOUT_EXTRANONCE2 = 256;
/** More pieces than any rig can use up; keeps the arithmetic inside safe integers. */
const MAX_COUNTED_BYTES = 6;

/** Counters remembered: more than pools a rig has, and their sessions of a bad day. */
const COUNTERS_KEPT = 256;
/** More than pools a rig has: the newest job of each may be come back to. */
const JOBS_KEPT = 64;

/**
 * Deals out the extranonce2 values of a session, one whole nonce range each. The counter keeps running from job to
 * job: a pool that sends the same template again under a new id would otherwise be given the same shares again
 * (ESP-Miner issues 1587 and 1731). It starts anew only with another extranonce1: not after a while on another pool,
 * and not when a new connection resumes the old session, for both may come back to the very same template.
 */
export class SearchSpace {
  /** Pieces dealt out by source, extranonce1 and size; the one used last at the end. */
  readonly #counters = new Map<string, number>();
  /** Pieces dealt out of each job by its key, the one asked for last at the end: a job is come back to after another pool's turn. */
  readonly #used = new Map<string, number>();
  readonly #prefixFor: (job: Job) => Uint8Array;

  /** @param prefixFor bytes that every extranonce2 of a job begins with, shorter than it: the rest of the space is somebody else's */
  constructor(prefixFor: (job: Job) => Uint8Array = () => NO_PREFIX) {
    this.#prefixFor = prefixFor;
  }

  /**
   * The next piece of `job`, or null when the job's whole space has been dealt out: the caller must then wait for
   * another job instead of searching the same headers again.
   */
  next(job: Job): SearchPiece | null {
    const prefix = this.#prefixFor(job);
    const free = job.extranonce2Size - prefix.length;
    const pieces = piecesOf(free);
    const used = this.#used.get(job.key) ?? 0;
    if (used >= pieces) return null;
    this.#used.delete(job.key);
    this.#used.set(job.key, used + 1);
    if (this.#used.size > JOBS_KEPT) this.#used.delete(this.#used.keys().next().value as string);
    const index = this.#count(job) % pieces;
    if (free === 0) {
      const width = NONCE_SPACE / WINDOWS_WITHOUT_EXTRANONCE2;
      return { extranonce2: prefix, nonceFrom: index * width, nonceTo: (index + 1) * width - 1 };
    }
    return { extranonce2: counterBytes(prefix, index, free), nonceFrom: 0, nonceTo: NONCE_SPACE - 1 };
  }

  /** Pieces dealt out before this one. */
  #count(job: Job): number {
    const name = `${job.sourceId}:${bytesToHex(job.extranonce1)}:${job.extranonce2Size}`;
    const count = this.#counters.get(name) ?? 0;
    this.#counters.delete(name);
    this.#counters.set(name, count + 1);
    if (this.#counters.size > COUNTERS_KEPT) this.#counters.delete(this.#counters.keys().next().value as string);
    return count;
  }
}

/** How many disjoint pieces a job with this extranonce2 size has. */
export function piecesOf(extranonce2Size: number): number {
  return extranonce2Size === 0 ? WINDOWS_WITHOUT_EXTRANONCE2 : 256 ** Math.min(extranonce2Size, MAX_COUNTED_BYTES);
}

/** Little-endian counter from the left, so that a pool which cuts off the right end still sees different values. */
function counterBytes(prefix: Uint8Array, value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(prefix.length + size);
  bytes.set(prefix);
  for (let i = prefix.length, rest = value; i < bytes.length && rest > 0; i++) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}
