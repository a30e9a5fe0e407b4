import type { Log } from '../../protocol/common/log.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Job, JobSource } from '../mining/job.ts';

/** One miner's own connection to a pool whose extranonce2 is too small to be shared out. Closed with the miner. */
export class OwnSource {
  readonly source: JobSource;
  readonly #log: Log;
  readonly #life = new AbortController();
  #started = false;

  constructor(source: JobSource, handlers: { readonly onJob: (job: Job) => void; readonly onLost: () => void }, log: Log) {
    this.source = source;
    this.#log = log;
    source.events.on('job', (job) => !this.#life.signal.aborted && handlers.onJob(job));
    source.events.on('invalidate', () => !this.#life.signal.aborted && handlers.onLost());
  }

  /** Connects, the first time it is asked to: not before its miner is known. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    const { source } = this;
    source.start(this.#life.signal).catch((error: unknown) => this.#log.warn({ pool: source.id, err: messageOf(error) }, "a miner's own connection to a pool did not start"));
  }

  /** Resolves when the answers to shares on their way are in, or their time is over. */
  close(): Promise<void> {
    this.#life.abort(new Error('its miner is gone'));
    return this.source.stop();
  }
}
