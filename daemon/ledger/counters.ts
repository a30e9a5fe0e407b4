import type { LedgerStats } from './contract.ts';

/**
 * Where every accepted entry is now: `accepted = written + queued + backup + emergency + lost` at any time, because an
 * entry only ever moves from one of these to another.
 */
export class Counters {
  accepted = 0;
  written = 0;
  queued = 0;
  corruptFiles = 0;
  degraded = false;
  lastError: string | null = null;
  readonly #kept = { 1: 0, 2: 0, 3: 0 };

  /** An entry leaves the queue (null) or a lower layer. */
  leave(layer: 1 | 2 | 3 | null): void {
    if (layer === null) this.queued -= 1;
    else this.#kept[layer] -= 1;
  }

  enter(layer: 1 | 2 | 3): void {
    this.#kept[layer] += 1;
  }

  snapshot(): LedgerStats {
    return {
      accepted: this.accepted,
      written: this.written,
      queued: this.queued,
      backup: this.#kept[1],
      emergency: this.#kept[2],
      lost: this.#kept[3],
      corrupt_files: this.corruptFiles,
      last_error: this.lastError,
      degraded: this.degraded,
    };
  }
}
