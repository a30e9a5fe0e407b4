import { EventEmitter } from 'node:events';
import { messageOf, RigError } from '../protocol/common/errors.ts';
import { checkJob, checkLimit, type HasherSettings } from './arguments.ts';
import { readThread, SEARCH, sumThreads, THREAD } from './counters.ts';
import type { Engine, EngineJob, Kernel } from './engine.ts';
import { hashHeader, meetsTarget, rollsVersions } from './header.ts';
import { RING_HITS } from './workers/shared.ts';
import type { Hasher, HasherEvents, HasherInfo, HasherJob, HasherStats, Hit, KernelInfo } from './types.ts';

/** Hits taken in one go, and the longest the event loop is kept for them. The rest waits a moment in the bounded rings. */
const DRAIN_PAIRS = 32;
const DRAIN_MS = 3;
const DRAIN_PAUSE_MS = 5;
/** What telling the last hits may take when the hasher stops. */
const LAST_HITS_MS = 50;
/** Hits taken from the rings and not told yet. More come only when jobs change faster than hits can be told. */
const PENDING_HITS = 4096;

type LiveJob = EngineJob & { readonly id: number };

interface PendingHit {
  readonly job: LiveJob;
  readonly nonce: number;
  readonly version: number;
}

/** A hasher on one kernel: takes what its threads find, hashes it again, and tells what is true. */
export class KernelHasher implements Hasher {
  readonly info: HasherInfo;
  readonly events = new EventEmitter<HasherEvents>();
  readonly #engine: Engine;
  readonly #pairs = new Uint32Array(2 * DRAIN_PAIRS);
  /** Batches that empty the rings of all threads once. */
  readonly #ringBatches: number;
  #job: LiveJob | null = null;
  #pending: PendingHit[] = [];
  #dropped = 0n;
  #generation = 0;
  #toldExhausted = 0;
  #hardwareErrors = 0n;
  #drainTimer: NodeJS.Timeout | null = null;
  #stopping: Promise<void> | null = null;
  #onStopped: (() => void) | null = null;

  /** @param rolled the kernel of jobs whose version is rolled @param failed kernels that are not used because they hash wrongly */
  constructor(kernel: Kernel, settings: HasherSettings, rolled: KernelInfo = kernel.info, failed: readonly string[] = []) {
    this.info = { ...kernel.info, threads: settings.threads, rolled, failed };
    this.#ringBatches = Math.ceil((settings.threads * RING_HITS) / DRAIN_PAIRS);
    const onFault = (error: Error): void => void this.events.emit('fault', new RigError('E_HASHER_THREAD', `a hashing thread ended: ${messageOf(error)}`, { cause: error }));
    this.#engine = kernel.open({ ...settings, onWake: () => this.#onWake(), onFault }, rolled);
  }

  setJob(job: HasherJob): number {
    const checked = checkJob(job);
    if (this.#stopping) return this.#generation;
    this.#keepHits();
    this.#job = checked;
    this.#generation = this.#engine.setJob(checked);
    return this.#generation;
  }

  clearJob(): void {
    if (this.#stopping) return;
    this.#keepHits();
    this.#job = null;
    this.#engine.clearJob();
  }

  pause(): void {
    if (!this.#stopping) this.#engine.setPaused(true);
  }

  resume(): void {
    if (!this.#stopping) this.#engine.setPaused(false);
  }

  setLimitPercent(percent: number): void {
    checkLimit(percent);
    if (!this.#stopping) this.#engine.setLimit(percent);
  }

  stats(): HasherStats {
    const counters = this.#engine.counters;
    return {
      kernel: this.#job && (rollsVersions(this.#job) ? this.info.rolled.kernel : this.info.kernel),
      hashes: sumThreads(counters, THREAD.hashes),
      perThread: Array.from({ length: this.info.threads }, (_, i) => readThread(counters, i)),
      dropped: this.#dropped + sumThreads(counters, THREAD.dropped),
      hardwareErrors: this.#hardwareErrors + sumThreads(counters, THREAD.wrong),
    };
  }

  stop(): Promise<void> {
    this.#stopping ??= new Promise((resolve) => {
      this.#onStopped = resolve;
      if (this.#drainTimer) clearTimeout(this.#drainTimer);
      this.#engine.stop();
      this.#finishStop();
    });
    return this.#stopping;
  }

  readonly #onDrainTimer = (): void => {
    this.#drainTimer = null;
    this.#drain();
  };

  #onWake(): void {
    if (this.#stopping) this.#finishStop();
    else if (!this.#drainTimer) this.#drain();
  }

  #finishStop(): void {
    if (!this.#onStopped || Atomics.load(this.#engine.counters, SEARCH.threadsAlive) !== 0n) return;
    const resolve = this.#onStopped;
    this.#onStopped = null;
    // Nobody finds anything any more: what is in the rings now is the rest.
    while (this.#take() === DRAIN_PAIRS);
    try {
      this.#tellUntil(performance.now() + LAST_HITS_MS);
    } finally {
      this.#dropped += BigInt(this.#pending.length);
      this.#job = null;
      this.#pending = [];
      this.#engine.close();
      resolve();
    }
  }

  /**
   * Before the job changes: takes what was found for it until now. It is told soon, but does not hold up the change; hits of a
   * flood that come in meanwhile are not waited for.
   */
  #keepHits(): void {
    for (let batches = this.#ringBatches; batches > 0 && this.#take() === DRAIN_PAIRS; batches--);
    if (this.#pending.length > 0) this.#drainTimer ??= setTimeout(this.#onDrainTimer, 0);
  }

  /** Takes a batch of hits of the present job from the rings. @returns how many there were, at most DRAIN_PAIRS */
  #take(): number {
    const job = this.#job;
    // Without a job too: threads that have told of a hit tell of no other until they have been drained.
    const count = this.#engine.drain(this.#pairs);
    if (!job) return 0;
    for (let i = 0; i < count; i++) {
      if (this.#pending.length < PENDING_HITS) this.#pending.push({ job, nonce: this.#pairs[2 * i] as number, version: this.#pairs[2 * i + 1] as number });
      else this.#dropped++;
    }
    return count;
  }

  /** Tells what has been taken. False when the time was up before the end. */
  #tellUntil(deadline: number): boolean {
    const hits = this.#pending;
    this.#pending = [];
    let told = 0;
    try {
      while (told < hits.length && (told === 0 || performance.now() < deadline)) this.#tell(hits[told++] as PendingHit);
    } finally {
      // A listener may have changed the job, and so have added hits: they come after the older ones.
      this.#pending = [...hits.slice(told), ...this.#pending];
    }
    return this.#pending.length === 0;
  }

  #drain(): void {
    const until = performance.now() + DRAIN_MS;
    let exhausted = false;
    for (;;) {
      const count = this.#take();
      const all = this.#tellUntil(until);
      if (this.#stopping) return;
      if (all && count < DRAIN_PAIRS) {
        // The hits of an exhausted job were in the rings before it was marked so: look once more, then none is left.
        if (exhausted || Number(Atomics.load(this.#engine.counters, SEARCH.exhaustedGeneration)) !== this.#generation) break;
        exhausted = true;
      }
      if (performance.now() >= until) {
        this.#drainTimer ??= setTimeout(this.#onDrainTimer, DRAIN_PAUSE_MS);
        return;
      }
    }
    const generation = Number(Atomics.load(this.#engine.counters, SEARCH.exhaustedGeneration));
    if (exhausted && this.#job && generation === this.#generation && this.#toldExhausted !== generation) {
      this.#toldExhausted = generation;
      this.events.emit('exhausted', this.#job.id);
    }
  }

  #tell({ job, nonce, version }: PendingHit): void {
    const hash = hashHeader(job.header, version, nonce);
    const hit: Hit = { jobId: job.id, nonce, version, hash };
    if (meetsTarget(hash, job.target)) this.events.emit('hit', hit);
    else this.#hardwareErrors++;
  }
}
