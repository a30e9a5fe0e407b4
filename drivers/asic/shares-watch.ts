/** Shares that do not come, or are all rejected, are the business of pool and work mapping: it is told, and the hardware left alone. */
import type { Log } from '../../protocol/common/log.ts';

const TOLD_AGAIN_MS = 60 * 60_000;

export class SharesWatch {
  readonly #log: Log;
  #trouble: string | null = null;
  #toldAt = -Infinity;

  constructor(log: Log) {
    this.#log = log;
  }

  /** What is wrong at present; null = nothing. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** @param trouble what the clock of the shares says now */
  note(now: number, trouble: string | null): void {
    if (trouble !== null && (this.#trouble === null || now - this.#toldAt >= TOLD_AGAIN_MS)) {
      this.#toldAt = now;
      this.#log.warn({}, trouble);
    }
    this.#trouble = trouble;
  }
}
