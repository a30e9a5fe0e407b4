import type { JsonObject } from '../../brainstem/contract.ts';

const EVERY_MS = 3_600_000;

/** What is written to the disk, by what it is for: the journal keeps it once an hour, for the budget. */
export class Meter {
  readonly #now: () => number;
  #since: number;
  #bytes = { journal: 0, leaf: 0, coarse: 0 };
  #syncs = 0;
  #entries = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  write(what: 'journal' | 'leaf' | 'coarse', bytes: number): void {
    this.#bytes[what] += bytes;
  }

  sync(): void {
    this.#syncs += 1;
  }

  entries(count: number): void {
    this.#entries += count;
  }

  isDue(): boolean {
    return this.#entries > 0 && Math.abs(this.#now() - this.#since) >= EVERY_MS;
  }

  /** What came together since the last call. Times are ms since the epoch. */
  take(): JsonObject {
    const taken = { from: this.#since, to: this.#now(), ...this.#bytes, fsyncs: this.#syncs, entries: this.#entries };
    this.#since = this.#now();
    this.#bytes = { journal: 0, leaf: 0, coarse: 0 };
    this.#syncs = 0;
    this.#entries = 0;
    return taken;
  }
}
