const SAMPLES = 32;

/** Median of the last answer times: one slow answer does not move it. */
export class LatencyWindow {
  #recent: number[] = [];

  /** Adds an answer time in ms. */
  add(ms: number): void {
    this.#recent = [...this.#recent.slice(1 - SAMPLES), ms];
  }

  /** Null before the first answer. */
  median(): number | null {
    const sorted = this.#recent.toSorted((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
  }
}
