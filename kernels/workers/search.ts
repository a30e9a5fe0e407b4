/** The loop of one hashing worker: takes jobs, claims units, reports hits, sleeps when there is nothing to do. */
import { SEARCH, THREAD, threadWord } from '../counters.ts';
import type { Scanner } from '../engine.ts';
import { hashHeader, meetsTarget, topMask } from '../header.ts';
import { planOf, type Plan } from './plan.ts';
import { CONTROL, PROGRESS, pushHit, type WorkerJob, type WorkerSetup } from './shared.ts';

const SLICE_MS = 10;

export interface SearchPort {
  /** Newest job sent since the last call; undefined = none, null = drop the current one. */
  takeJob(): WorkerJob | null | undefined;
  /** Wakes the event loop. */
  notify(): void;
}

interface Current extends WorkerJob {
  readonly plan: Plan;
  readonly mask: number;
}

export class WorkerSearch {
  readonly #setup: WorkerSetup;
  readonly #scanner: Scanner;
  readonly #port: SearchPort;
  readonly #out: Uint32Array;
  #job: Current | null = null;
  #done = false;
  /** Number of the first of the versions the scanner is prepared for, and those versions. */
  #prepared = -1;
  #versions: number[] = [];
  #best = '';
  #owedMs = 0;

  constructor(setup: WorkerSetup, scanner: Scanner, port: SearchPort) {
    this.#setup = setup;
    this.#scanner = scanner;
    this.#port = port;
    this.#out = new Uint32Array(2 * Math.max(scanner.unitNonces, scanner.rolledNonces * scanner.info.versions));
  }

  /** Returns when told to stop. */
  run(): void {
    const { control } = this.#setup;
    for (;;) {
      const seen = Atomics.load(control, CONTROL.wake);
      if (Atomics.load(control, CONTROL.stopping)) break;
      this.#take();
      if (this.#job && !this.#done && !Atomics.load(control, CONTROL.paused)) this.#hash(this.#job, seen);
      else {
        this.#set(THREAD.generation, 0n);
        Atomics.wait(control, CONTROL.wake, seen);
      }
    }
    this.#set(THREAD.generation, 0n);
  }

  #take(): void {
    const job = this.#port.takeJob();
    if (job === undefined) return;
    this.#job = job && { ...job, plan: planOf(job, this.#scanner), mask: topMask(job.target) };
    this.#done = false;
    this.#prepared = -1;
    this.#best = '';
    if (job) this.#set(THREAD.switchNs, process.hrtime.bigint() - job.publishedNs);
  }

  #hash(job: Current, seen: number): void {
    const { control, counters } = this.#setup;
    this.#set(THREAD.generation, BigInt(job.generation));
    while (Atomics.load(control, CONTROL.wake) === seen) {
      const start = performance.now();
      const number = Number(Atomics.add(job.progress, PROGRESS.claimed, 1n));
      if (number >= job.plan.units) {
        this.#done = true;
        return;
      }
      this.#unit(job, number);
      if (Number(Atomics.add(job.progress, PROGRESS.finished, 1n)) + 1 === job.plan.units) {
        const generation = BigInt(job.generation);
        for (let told = Atomics.load(counters, SEARCH.exhaustedGeneration); told < generation; ) {
          const before = Atomics.compareExchange(counters, SEARCH.exhaustedGeneration, told, generation);
          if (before === told) break;
          told = before;
        }
        this.#notify();
      }
      this.#rest(seen, performance.now() - start);
    }
  }

  #unit(job: Current, number: number): void {
    const { version, versions, first, count } = job.plan.unit(number);
    if (this.#prepared !== version) {
      this.#versions = Array.from({ length: versions }, (_, i) => job.plan.version(version + i));
      this.#scanner.prepare(job.header, this.#versions);
      this.#prepared = version;
    }
    const found = this.#scanner.scan(first, count, job.mask, this.#out);
    this.#add(THREAD.hashes, BigInt(count * versions));
    for (let i = 0; i < 2 * found; i += 2) {
      if (Atomics.load(this.#setup.control, CONTROL.generation) !== job.generation) return;
      this.#check(job, first + (this.#out[i] as number), this.#versions[this.#out[i + 1] as number] as number);
    }
  }

  #check(job: Current, nonce: number, version: number): void {
    const hash = Buffer.from(hashHeader(job.header, version, nonce));
    if ((hash.readUInt32BE(28) & job.mask) !== 0) this.#add(THREAD.wrong, 1n);
    else if (meetsTarget(hash, job.target)) {
      const rank = hash.reverse().toString('hex');
      const record = this.#best === '' || rank < this.#best;
      if (record) this.#best = rank;
      this.#add(THREAD.hits, 1n);
      if (pushHit(this.#setup.ring, job.generation, nonce, version, record)) this.#notify();
      else this.#add(THREAD.dropped, 1n);
    }
  }

  #notify(): void {
    if (Atomics.exchange(this.#setup.control, CONTROL.notified, 1) === 0) this.#port.notify();
  }

  /** Sleeps what the duty cycle owes, once a slice is full. A new job interrupts it; the rest stays owed. */
  #rest(seen: number, busyMs: number): void {
    const { control } = this.#setup;
    const percent = Atomics.load(control, CONTROL.limitPercent);
    if (percent >= 100) {
      this.#owedMs = 0;
      return;
    }
    this.#owedMs += (busyMs * (100 - percent)) / percent;
    if (this.#owedMs < (SLICE_MS * (100 - percent)) / 100) return;
    const start = performance.now();
    Atomics.wait(control, CONTROL.wake, seen, this.#owedMs);
    this.#owedMs = Math.max(0, this.#owedMs - (performance.now() - start));
  }

  #set(word: number, value: bigint): void {
    Atomics.store(this.#setup.counters, threadWord(this.#setup.index, word), value);
  }

  #add(word: number, by: bigint): void {
    Atomics.add(this.#setup.counters, threadWord(this.#setup.index, word), by);
  }
}
