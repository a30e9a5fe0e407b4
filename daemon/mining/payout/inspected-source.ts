import { EventEmitter } from 'node:events';
import type { Job, JobSource, Share, SourceEvents, SourceState, Verdict } from '../job.ts';

/** A source whose jobs are looked at before anybody gets them; one that is refused counts as no work. For those that the engine does not see. */
export class InspectedSource implements JobSource {
  readonly id: string;
  readonly events = new EventEmitter<SourceEvents>();
  readonly #source: JobSource;

  /** @param inspect why a job may not be mined; null = it may be */
  constructor(source: JobSource, inspect: (job: Job) => string | null) {
    this.id = source.id;
    this.#source = source;
    source.events.on('job', (job) => {
      const refusal = inspect(job);
      if (refusal === null) this.events.emit('job', job);
      else this.events.emit('invalidate', refusal);
    });
    source.events.on('invalidate', (reason) => this.events.emit('invalidate', reason));
    source.events.on('change', () => this.events.emit('change'));
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#source.start(signal);
  }

  stop(): Promise<void> {
    return this.#source.stop();
  }

  state(): SourceState {
    return this.#source.state();
  }

  submit(share: Share): Promise<Verdict> {
    return this.#source.submit(share);
  }

  heldBack(share: Share): void {
    this.#source.heldBack?.(share);
  }
}
