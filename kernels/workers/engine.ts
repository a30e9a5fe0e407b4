import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { BLOCK_WORDS, SEARCH } from '../counters.ts';
import type { Engine, EngineJob, EngineOptions } from '../engine.ts';
import { compiledFile } from '../paths.ts';
import type { WasmModule } from '../wasm/web-assembly.ts';
import { CONTROL, CONTROL_WORDS, drainRing, RING_WORDS, type WorkerJob, type WorkerSetup } from './shared.ts';

const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);

/** The compiled worker. @throws Error when dist/ is not built */
export function workerFile(): string {
  const file = compiledFile('workers/worker.js');
  if (!existsSync(file)) throw new Error(`${file} is not there: run npm run build`);
  return file;
}

/** Threads that are JavaScript workers, for the WASM and the plain kernel. Same behaviour as native/search.c and worker.c. */
export class WorkerEngine implements Engine {
  readonly counters: BigUint64Array;
  readonly #control = new Int32Array(shared(4 * CONTROL_WORDS));
  readonly #rings: Int32Array[] = [];
  readonly #workers: Worker[] = [];
  readonly #options: EngineOptions;
  #generation = 0;

  constructor(module: WasmModule | null, options: EngineOptions) {
    this.#options = options;
    this.counters = new BigUint64Array(shared(8 * BLOCK_WORDS * (1 + options.threads)));
    this.#control[CONTROL.limitPercent] = options.limitPercent;
    this.counters[SEARCH.threadsAlive] = BigInt(options.threads);
    const file = workerFile();
    for (let index = 0; index < options.threads; index++) {
      const ring = new Int32Array(shared(4 * RING_WORDS));
      const setup: WorkerSetup = { index, nice: options.nice, module, control: this.#control, counters: this.counters, ring };
      const worker = new Worker(file, { workerData: setup, name: `rb-hash-${index}` });
      worker.on('message', () => options.onWake());
      worker.on('error', (error) => options.onFault(error));
      worker.on('exit', () => this.#onExit());
      this.#rings.push(ring);
      this.#workers.push(worker);
    }
  }

  setJob(job: EngineJob): number {
    this.#generation++;
    const progress = new BigInt64Array(shared(16));
    this.#send({ ...job, generation: this.#generation, publishedNs: process.hrtime.bigint(), progress });
    return this.#generation;
  }

  clearJob(): void {
    this.#send(null);
  }

  setPaused(paused: boolean): void {
    Atomics.store(this.#control, CONTROL.paused, paused ? 1 : 0);
    this.#wake();
  }

  setLimit(percent: number): void {
    Atomics.store(this.#control, CONTROL.limitPercent, percent);
    this.#wake();
  }

  drain(out: Uint32Array): number {
    const generation = Atomics.load(this.#control, CONTROL.generation);
    // Before reading: what a worker adds afterwards notifies again.
    Atomics.store(this.#control, CONTROL.notified, 0);
    let count = 0;
    for (const ring of this.#rings) count = drainRing(ring, generation, out, count);
    if (2 * count >= out.length) Atomics.store(this.#control, CONTROL.notified, 1);
    return count;
  }

  stop(): void {
    Atomics.store(this.#control, CONTROL.stopping, 1);
    this.#wake();
  }

  close(): void {
    this.#workers.length = 0;
  }

  #send(job: WorkerJob | null): void {
    Atomics.store(this.#control, CONTROL.generation, job ? job.generation : 0);
    for (const worker of this.#workers) worker.postMessage(job);
    this.#wake();
  }

  #wake(): void {
    Atomics.add(this.#control, CONTROL.wake, 1);
    Atomics.notify(this.#control, CONTROL.wake);
  }

  #onExit(): void {
    Atomics.sub(this.counters, SEARCH.threadsAlive, 1n);
    this.#options.onWake();
  }
}
