/** Turns what a pool says over time (difficulty, extranonce, mask, notify) into self-contained jobs. */
import { heightOfCoinbase } from '../bitcoin/coinbase.ts';
import { targetFromDifficulty } from '../bitcoin/target.ts';
import { compareBytes, concatBytes, equalBytes } from '../common/bytes.ts';
import { LIMITS } from './limits.ts';
import type { Extranonce, NotifyParams } from './messages.ts';

/** A job with everything that was in force when it arrived. Immutable. */
export interface V1Job extends Extranonce {
  /** Counts the jobs of a session from 1; names the job in a submit. */
  readonly sequence: number;
  /** The pool's own name of the job; may be used again by the pool. */
  readonly poolJobId: string;
  /** 32 bytes in header order. */
  readonly prevHash: Uint8Array;
  readonly coinb1: Uint8Array;
  readonly coinb2: Uint8Array;
  readonly merkleBranch: readonly Uint8Array[];
  readonly version: number;
  /** Bits that both sides agreed may be rolled; 0 = none. */
  readonly versionMask: number;
  readonly nbits: number;
  readonly ntime: number;
  /** Work on older jobs of the session is worthless. */
  readonly clean: boolean;
  readonly difficulty: number;
  readonly shareTarget: bigint;
  readonly networkTarget: bigint;
  /** From the coinbase (BIP34); null when it does not tell. */
  readonly height: number | null;
}

/** A notify with the difficulty and extranonce in force when it arrived (null: those of the subscribe answer to come). */
interface Arrival {
  readonly params: NotifyParams;
  readonly difficulty: number;
  readonly extranonce: Extranonce | null;
  readonly clean: boolean;
}

function sameExtranonce(a: Extranonce, b: Extranonce): boolean {
  return a.extranonce2Size === b.extranonce2Size && equalBytes(a.extranonce1, b.extranonce1);
}

function sameJob(a: NotifyParams, b: NotifyParams): boolean {
  return (
    a.jobId === b.jobId &&
    a.version === b.version &&
    a.nbits === b.nbits &&
    a.ntime === b.ntime &&
    equalBytes(a.prevHash, b.prevHash) &&
    equalBytes(a.coinb1, b.coinb1) &&
    equalBytes(a.coinb2, b.coinb2) &&
    compareBytes(concatBytes(...a.merkleBranch), concatBytes(...b.merkleBranch)) === 0
  );
}

export class JobTracker {
  readonly #wantedMask: number;
  #difficulty = 1;
  #extranonce: Extranonce | null = null;
  #nextExtranonce: Extranonce | null = null;
  #poolMask: number | null = null;
  #open = false;
  #latest: Arrival | null = null;
  #sequence = 0;
  #oldestFresh = 1;
  #oldestOfExtranonce = 1;
  readonly #jobs = new Map<number, V1Job>();

  /** @param wantedMask version bits we can and want to roll */
  constructor(wantedMask: number) {
    this.#wantedMask = wantedMask;
  }

  /** Difficulty for the jobs to come; 1 until the pool says otherwise. */
  get difficulty(): number {
    return this.#difficulty;
  }

  set difficulty(value: number) {
    this.#difficulty = value;
  }

  get extranonce(): Extranonce | null {
    return this.#extranonce;
  }

  /** The mask as the pool gave it (for submits: bits are judged against it); null = version rolling is not agreed. */
  get poolMask(): number | null {
    return this.#poolMask;
  }

  /** Bits that may be rolled: the pool's mask cut to what we want. */
  get versionMask(): number {
    return ((this.#poolMask ?? 0) & this.#wantedMask) >>> 0;
  }

  /** A new mask is in force at once. True when bits we may roll changed: the owner must then take the job of `reissue`. */
  setPoolMask(mask: number | null): boolean {
    const before = this.versionMask;
    this.#poolMask = mask;
    return this.versionMask !== before;
  }

  /** The extranonce of the subscribe answer. */
  subscribed(extranonce: Extranonce): void {
    this.#extranonce ??= extranonce;
  }

  /** An extranonce that is in force from the next notify on. */
  setExtranonce(extranonce: Extranonce): void {
    this.#nextExtranonce = extranonce;
  }

  /** Takes a notify. Null when it repeats the present job, or while jobs are held back until `open`. */
  notify(params: NotifyParams): V1Job | null {
    const before = this.#latest;
    const switched = this.#nextExtranonce !== null && (this.#extranonce === null || !sameExtranonce(this.#nextExtranonce, this.#extranonce));
    if (before !== null && !switched && before.difficulty === this.#difficulty && sameJob(before.params, params)) return null;
    if (this.#nextExtranonce !== null) this.#extranonce = this.#nextExtranonce;
    this.#nextExtranonce = null;
    if (switched) this.#oldestOfExtranonce = this.#sequence + 1;
    // Some pools leave clean_jobs false on a new block; and a job held back hands its flag to the one that replaces it.
    const clean = params.cleanJobs || before === null || switched || !equalBytes(before.params.prevHash, params.prevHash) || (!this.#open && before.clean);
    this.#latest = { params, difficulty: this.#difficulty, extranonce: this.#extranonce, clean };
    return this.#open ? this.#issue(this.#latest) : null;
  }

  /** The handshake is complete: jobs flow from now on. Returns the job that was held back, if there is one. */
  open(): V1Job | null {
    this.#open = true;
    return this.#latest === null ? null : this.#issue(this.#latest);
  }

  /** The present job again with the mask now in force; null when there is none. */
  reissue(): V1Job | null {
    return this.#open && this.#latest !== null ? this.#issue({ ...this.#latest, clean: false }) : null;
  }

  /** The present job is void, e.g. because its clean successor was unreadable. */
  drop(): void {
    this.#latest = null;
    this.#oldestFresh = this.#sequence + 1;
  }

  get isMining(): boolean {
    return this.#jobs.size > 0;
  }

  /** A job shares are taken for; null when it is unknown or too old. */
  find(sequence: number): V1Job | null {
    return this.#jobs.get(sequence) ?? null;
  }

  /** True when a clean job came after this one. */
  isStale(job: V1Job): boolean {
    return job.sequence < this.#oldestFresh;
  }

  /** True when the pool has since switched to another extranonce: it would judge a share of this job by the wrong coinbase. */
  isForeign(job: V1Job): boolean {
    return job.sequence < this.#oldestOfExtranonce;
  }

  #issue(arrival: Arrival): V1Job | null {
    const extranonce = arrival.extranonce ?? this.#extranonce;
    if (extranonce === null) return null;
    this.#sequence += 1;
    const { params, difficulty, clean } = arrival;
    const { extranonce1, extranonce2Size } = extranonce;
    const beginning = concatBytes(params.coinb1, extranonce1);
    const job: V1Job = {
      sequence: this.#sequence,
      poolJobId: params.jobId,
      prevHash: params.prevHash,
      coinb1: params.coinb1,
      extranonce1,
      extranonce2Size,
      coinb2: params.coinb2,
      merkleBranch: params.merkleBranch,
      version: params.version,
      versionMask: this.versionMask,
      nbits: params.nbits,
      ntime: params.ntime,
      clean,
      difficulty,
      shareTarget: targetFromDifficulty(difficulty),
      networkTarget: params.networkTarget,
      height: heightOfCoinbase(beginning),
    };
    this.#jobs.set(job.sequence, job);
    if (clean) this.#oldestFresh = job.sequence;
    for (const sequence of this.#jobs.keys()) {
      if (this.#jobs.size <= LIMITS.jobsKept) break;
      this.#jobs.delete(sequence);
    }
    return job;
  }
}
