import { existsSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../../protocol/common/clock.ts';
import type { Log } from '../../../protocol/common/log.ts';
import { packageRoot } from '../../version.ts';
import type { NewRecord } from '../journal/record.ts';
import type { EngineCounts, EngineEvent, EngineHost } from './contract.ts';
import type { ThreadReply, ThreadRequest, ThreadSetup } from './protocol.ts';

export interface ThreadOptions {
  readonly setup: ThreadSetup;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: a worker thread. */
  readonly spawn?: (setup: ThreadSetup) => Thread;
}

/** What is used of a worker thread. */
export interface Thread {
  postMessage(request: ThreadRequest): void;
  on(event: 'message', listener: (reply: ThreadReply) => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  terminate(): Promise<unknown>;
}

/** Pause before a thread that died is started again: longer each time, until one comes to open the journal. */
const RESTART_MS = 1_000;
const LAST_RESTART_MS = 60_000;
/** Threads that may die over a call before it is given up: nobody waits for ever. */
const MOST_TRIES = 2;

interface Call {
  readonly call: 'flush' | 'close';
  readonly resolve: () => void;
  /** How many threads it was posted to. */
  tries: number;
}

/** The engine in a worker thread. One that dies is started again and handed what it had not settled; ids make that harmless. */
export function threadEngine(options: ThreadOptions): (tell: (event: EngineEvent) => void) => EngineHost {
  return (tell) => new ThreadHost(options, tell);
}

class ThreadHost implements EngineHost {
  readonly #options: ThreadOptions;
  readonly #tell: (event: EngineEvent) => void;
  readonly #calls = new Map<number, Call>();
  #thread: Thread | null = null;
  #lastCall = 0;
  /** Handed over and not settled, by id: bounded by the queue limit of the facade. */
  readonly #unsettled = new Map<string, NewRecord>();
  /** What the threads before this one did. */
  #before: EngineCounts | null = null;
  #last: EngineCounts | null = null;
  #restart: Timer | null = null;
  #restartMs = RESTART_MS;
  #closed = false;

  constructor(options: ThreadOptions, tell: (event: EngineEvent) => void) {
    this.#options = options;
    this.#tell = tell;
    this.#start();
  }

  #start(): void {
    this.#restart?.cancel();
    this.#restart = null;
    const { setup, spawn = workerThread } = this.#options;
    const records = [...this.#unsettled.values()];
    let thread: Thread;
    try {
      // What a thread before made durable without coming to tell is among the journal's last records.
      thread = spawn(records.length === 0 ? setup : { ...setup, lookBack: records.length });
    } catch (error) {
      this.#onError(error);
      this.#startLater();
      return;
    }
    thread.on('message', (reply) => this.#onReply(thread, reply));
    thread.on('error', (error) => this.#onError(error));
    thread.on('exit', () => this.#onExit(thread));
    this.#thread = thread;
    this.#post({ records });
    for (const [number, call] of this.#calls) this.#send(number, call);
  }

  #startLater(): void {
    if (this.#closed) return;
    this.#restart = this.#options.clock.after(this.#restartMs, () => this.#start());
    this.#restartMs = Math.min(2 * this.#restartMs, LAST_RESTART_MS);
  }

  #onError(error: unknown): void {
    this.#options.log.error({ code: 'E_LEDGER_WRITE', err: error }, 'the ledger thread failed');
  }

  #onExit(thread: Thread): void {
    if (this.#thread !== thread) return;
    this.#thread = null;
    this.#before = this.#last;
    for (const [number, { call, resolve, tries }] of this.#calls) {
      if (tries < MOST_TRIES && call === 'flush' && !this.#closed) continue;
      this.#calls.delete(number);
      resolve();
    }
    this.#startLater();
  }

  #onReply(thread: Thread, reply: ThreadReply): void {
    if (this.#thread !== thread) return;
    if ('done' in reply) {
      this.#calls.get(reply.done)?.resolve();
      this.#calls.delete(reply.done);
      return;
    }
    const { event } = reply;
    if (event.kind === 'counts') {
      for (const id of event.settled) this.#unsettled.delete(id);
      const before = this.#before;
      this.#last = before === null ? event.counts : sum(before, event.counts);
      this.#tell({ ...event, counts: this.#last });
      return;
    }
    if (event.kind === 'opened') this.#restartMs = RESTART_MS;
    this.#tell(event);
  }

  #post(request: ThreadRequest): void {
    this.#thread?.postMessage(request);
  }

  accept(records: readonly NewRecord[]): void {
    for (const record of records) this.#unsettled.set(record.id, record);
    this.#post({ records });
  }

  flush(): Promise<void> {
    return this.#call('flush');
  }

  async close(): Promise<void> {
    // Without a thread nobody would keep what is left.
    if (this.#thread === null) this.#start();
    await this.#call('close');
    this.#closed = true;
    this.#restart?.cancel();
    await this.#thread?.terminate();
  }

  /** While there is no thread it waits for the next. */
  #call(call: 'flush' | 'close'): Promise<void> {
    if (this.#closed || (call === 'close' && this.#thread === null)) return Promise.resolve();
    const number = ++this.#lastCall;
    return new Promise<void>((resolve) => {
      const waiting = { call, resolve, tries: 0 };
      this.#calls.set(number, waiting);
      if (this.#thread !== null) this.#send(number, waiting);
    });
  }

  #send(number: number, call: Call): void {
    call.tries += 1;
    this.#post({ call: call.call, number });
  }
}

function sum(a: EngineCounts, b: EngineCounts): EngineCounts {
  const add = (key: 'settled' | 'written' | 'backup' | 'emergency' | 'lost' | 'reconciled_earlier' | 'corrupt_files'): number => a[key] + b[key];
  return { ...b, settled: add('settled'), written: add('written'), backup: add('backup'), emergency: add('emergency'), lost: add('lost'), reconciled_earlier: add('reconciled_earlier'), corrupt_files: add('corrupt_files') };
}

function workerThread(setup: ThreadSetup): Thread {
  const worker = new Worker(workerFile(), { workerData: setup, name: 'rb-ledger', stdout: false });
  // The daemon is kept up by what it does, not by its ledger.
  worker.unref();
  return worker;
}

/** The built file also when this one runs from its TypeScript source: Node 20 cannot load that in a thread. */
function workerFile(): string {
  const beside = path.join(import.meta.dirname, 'worker.js');
  return existsSync(beside) ? beside : path.join(packageRoot(), 'dist', 'daemon', 'ledger', 'engine', 'worker.js');
}
