/** Rate of a counter over a sliding window. */
export class RateMeter {
  readonly #windowMs: number;
  #samples: { readonly at: number; readonly value: number }[] = [];

  /** @param windowMs how far back the rate looks */
  constructor(windowMs = 10_000) {
    this.#windowMs = windowMs;
  }

  /** @param at monotonic milliseconds @param value the counter */
  sample(at: number, value: number): void {
    this.#samples.push({ at, value });
    // One sample older than the window stays: the rate then covers all of it.
    while (this.#samples.length > 2 && at - (this.#samples[1] as { at: number }).at >= this.#windowMs) this.#samples.shift();
  }

  /** Units per second up to the newest sample; null before there are two half a second apart. */
  rate(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < 500) return null;
    return ((last.value - first.value) * 1000) / (last.at - first.at);
  }

  reset(): void {
    this.#samples = [];
  }
}
