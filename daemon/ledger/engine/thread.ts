import { existsSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../../protocol/common/clock.ts';
import type { Log } from '../../../protocol/common/log.ts';
import { packageRoot } from '../../version.ts';
import type { NewRecord } from '../journal/record.ts';
import type { EngineCounts, EngineEvent, EngineHost } from './contract.ts';
import type { ThreadReply, ThreadRequest, ThreadSetup } from './protocol.ts';

export interface ThreadOptions {
  readonly setup: ThreadSetup;
  readonly clock: Clock;
  readonly log: Log;
}

/** Pause before a thread that died is started again. */
const RESTART_MS = 1_000;

/** The engine in a worker thread. One that dies is started again and handed what it had not settled; ids make that harmless. */
export function threadEngine(options: ThreadOptions): (tell: (event: EngineEvent) => void) => EngineHost {
  return (tell) => new ThreadHost(options, tell);
}

class ThreadHost implements EngineHost {
  readonly #options: ThreadOptions;
  readonly #tell: (event: EngineEvent) => void;
  readonly #waiting = new Map<number, () => void>();
  #worker: Worker | null = null;
  #calls = 0;
  /** Handed over and not settled, as far as the counts tell: bounded by the queue limit of the facade. */
  #unsettled: NewRecord[] = [];
  #settled = 0;
  /** What the threads before this one did. */
  #before: EngineCounts | null = null;
  #last: EngineCounts | null = null;
  #closed = false;

  constructor(options: ThreadOptions, tell: (event: EngineEvent) => void) {
    this.#options = options;
    this.#tell = tell;
    this.#start();
  }

  #start(): void {
    const worker = new Worker(workerFile(), { workerData: this.#options.setup, name: 'rb-ledger', stdout: false });
    // The daemon is kept up by what it does, not by its ledger.
    worker.unref();
    worker.on('message', (reply: ThreadReply) => this.#onReply(reply));
    worker.on('error', (error) => this.#options.log.error({ code: 'E_LEDGER_WRITE', err: error }, 'the ledger thread failed'));
    worker.on('exit', () => this.#onExit(worker));
    this.#worker = worker;
    this.#post({ records: this.#unsettled });
  }

  #onExit(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    for (const resolve of this.#waiting.values()) resolve();
    this.#waiting.clear();
    if (this.#closed) return;
    this.#before = this.#last;
    this.#settled = 0;
    this.#options.clock.after(RESTART_MS, () => {
      if (!this.#closed) this.#start();
    });
  }

  #onReply(reply: ThreadReply): void {
    if ('done' in reply) {
      this.#waiting.get(reply.done)?.();
      this.#waiting.delete(reply.done);
    } else if (reply.event.kind === 'counts') {
      this.#onCounts(reply.event.counts);
    } else {
      this.#tell(reply.event);
    }
  }

  #onCounts(counts: EngineCounts): void {
    this.#unsettled.splice(0, Math.max(0, counts.settled - this.#settled));
    this.#settled = counts.settled;
    const before = this.#before;
    this.#last = before === null ? counts : sum(before, counts);
    this.#tell({ kind: 'counts', counts: this.#last });
  }

  #post(request: ThreadRequest): void {
    this.#worker?.postMessage(request);
  }

  accept(records: readonly NewRecord[]): void {
    this.#unsettled.push(...records.filter((record) => record.kind !== 'start'));
    this.#post({ records });
  }

  flush(): Promise<void> {
    return this.#call('flush');
  }

  async close(): Promise<void> {
    await this.#call('close');
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #call(call: 'flush' | 'close'): Promise<void> {
    if (this.#worker === null) return Promise.resolve();
    const number = ++this.#calls;
    const done = new Promise<void>((resolve) => this.#waiting.set(number, resolve));
    this.#post({ call, number });
    return done;
  }
}

function sum(a: EngineCounts, b: EngineCounts): EngineCounts {
  const add = (key: 'settled' | 'written' | 'backup' | 'emergency' | 'lost' | 'reconciled_earlier' | 'corrupt_files'): number => a[key] + b[key];
  return { ...b, settled: add('settled'), written: add('written'), backup: add('backup'), emergency: add('emergency'), lost: add('lost'), reconciled_earlier: add('reconciled_earlier'), corrupt_files: add('corrupt_files') };
}

/** The built file also when this one runs from its TypeScript source: Node 20 cannot load that in a thread. */
function workerFile(): string {
  const beside = path.join(import.meta.dirname, 'worker.js');
  return existsSync(beside) ? beside : path.join(packageRoot(), 'dist', 'daemon', 'ledger', 'engine', 'worker.js');
}
