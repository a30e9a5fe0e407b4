import { EventEmitter } from 'node:events';
import { messageOf, RigError } from '../protocol/common/errors.ts';
import { checkJob, checkLimit, type HasherSettings } from './arguments.ts';
import { readThread, SEARCH, sumThreads, THREAD } from './counters.ts';
import type { Engine, EngineJob, Kernel } from './engine.ts';
import { hashHeader, meetsTarget } from './header.ts';
import type { Hasher, HasherEvents, HasherJob, HasherStats, Hit, KernelInfo } from './types.ts';

/** Hits taken in one go, and the longest the event loop is kept for them. The rest waits a moment in the bounded rings. */
const DRAIN_PAIRS = 32;
const DRAIN_MS = 3;
const DRAIN_PAUSE_MS = 5;

/** A hasher on one kernel: takes what its threads find, hashes it again, and tells what is true. */
export class KernelHasher implements Hasher {
  readonly info: KernelInfo & { readonly threads: number };
  readonly events = new EventEmitter<HasherEvents>();
  readonly #engine: Engine;
  readonly #pairs = new Uint32Array(2 * DRAIN_PAIRS);
  #job: (EngineJob & { readonly id: number }) | null = null;
  #generation = 0;
  #toldExhausted = 0;
  #hardwareErrors = 0n;
  #drainTimer: NodeJS.Timeout | null = null;
  #stopping: Promise<void> | null = null;
  #onStopped: (() => void) | null = null;

  constructor(kernel: Kernel, settings: HasherSettings) {
    this.info = { ...kernel.info, threads: settings.threads };
    this.#engine = kernel.open({
      ...settings,
      onWake: () => this.#onWake(),
      onFault: (error) => this.events.emit('fault', new RigError('E_HASHER_THREAD', `a hashing thread ended: ${messageOf(error)}`, { cause: error })),
    });
  }

  setJob(job: HasherJob): number {
    const checked = checkJob(job);
    if (this.#stopping) return this.#generation;
    this.#job = checked;
    this.#generation = this.#engine.setJob(checked);
    return this.#generation;
  }

  clearJob(): void {
    this.#job = null;
    if (!this.#stopping) this.#engine.clearJob();
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
      hashes: sumThreads(counters, THREAD.hashes),
      perThread: Array.from({ length: this.info.threads }, (_, i) => readThread(counters, i)),
      dropped: sumThreads(counters, THREAD.dropped),
      hardwareErrors: this.#hardwareErrors + sumThreads(counters, THREAD.wrong),
    };
  }

  stop(): Promise<void> {
    this.#stopping ??= new Promise((resolve) => {
      this.#onStopped = resolve;
      this.#job = null;
      if (this.#drainTimer) clearTimeout(this.#drainTimer);
      this.#engine.stop();
      this.#finishStop();
    });
    return this.#stopping;
  }

  #onWake(): void {
    if (this.#stopping) this.#finishStop();
    else if (!this.#drainTimer) this.#drain();
  }

  #finishStop(): void {
    if (!this.#onStopped || Atomics.load(this.#engine.counters, SEARCH.threadsAlive) !== 0n) return;
    this.#engine.close();
    this.#onStopped();
    this.#onStopped = null;
  }

  #drain(): void {
    const until = performance.now() + DRAIN_MS;
    let exhausted = false;
    for (;;) {
      const count = this.#engine.drain(this.#pairs);
      const generation = this.#generation;
      for (let i = 0; i < count; i++) {
        this.#tell(this.#pairs[2 * i] as number, this.#pairs[2 * i + 1] as number);
        // A listener may have replaced the job: the rest of this batch is of the old one.
        if (this.#generation !== generation || !this.#job) break;
      }
      if (this.#stopping) return;
      if (count < DRAIN_PAIRS) {
        // The hits of an exhausted job were in the rings before it was marked so: look once more, then none is left.
        if (exhausted || Number(Atomics.load(this.#engine.counters, SEARCH.exhaustedGeneration)) !== this.#generation) break;
        exhausted = true;
      }
      if (performance.now() >= until) {
        this.#drainTimer = setTimeout(() => {
          this.#drainTimer = null;
          this.#drain();
        }, DRAIN_PAUSE_MS);
        return;
      }
    }
    const generation = Number(Atomics.load(this.#engine.counters, SEARCH.exhaustedGeneration));
    if (exhausted && this.#job && generation === this.#generation && this.#toldExhausted !== generation) {
      this.#toldExhausted = generation;
      this.events.emit('exhausted', this.#job.id);
    }
  }

  #tell(nonce: number, version: number): void {
    const job = this.#job;
    if (!job) return;
    const hash = hashHeader(job.header, version, nonce);
    const hit: Hit = { jobId: job.id, nonce, version, hash };
    if (meetsTarget(hash, job.target)) this.events.emit('hit', hit);
    else this.#hardwareErrors++;
  }
}
