/** How long things take: a job to the wire of a device, a nonce to the socket of its pool, a share to its answer. */

/** The newest values that percentiles are taken of, when nothing else is said. */
const KEPT = 2048;

export interface DelaySummary {
  /** Since start. */
  readonly count: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** Greatest since start. */
  readonly max_ms: number;
}

/** Percentiles of the last values, the greatest of all. */
export class Delays {
  readonly #keep: number;
  readonly #kept: number[] = [];
  #count = 0;
  #max = 0;

  /** @param keep how many of the newest values percentiles are taken of */
  constructor(keep = KEPT) {
    this.#keep = keep;
  }

  add(ms: number): void {
    this.#kept[this.#count % this.#keep] = ms;
    this.#count += 1;
    if (ms > this.#max) this.#max = ms;
  }

  /** Null before the first value. */
  summary(): DelaySummary | null {
    if (this.#count === 0) return null;
    const sorted = this.#kept.toSorted((a, b) => a - b);
    const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] as number;
    return { count: this.#count, p50_ms: at(0.5), p99_ms: at(0.99), max_ms: this.#max };
  }
}
