const BURST = 20;
const WINDOW_MS = 60_000;

/**
 * How many lines somebody else may cause in our log: a burst, then none until the minute is over. A pool that sends the
 * same thing a thousand times a second must not fill the disk, nor keep the event loop busy writing.
 */
export class LineBudget {
  #windowStart = -Infinity;
  #used = 0;
  #skipped = 0;

  /**
   * Asks for one line.
   * @param now monotonic milliseconds
   * @returns how many were refused since the last one that was not, to be told with this one; null = refused
   */
  take(now: number): number | null {
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#windowStart = now;
      this.#used = 0;
    }
    if (this.#used >= BURST) {
      this.#skipped += 1;
      return null;
    }
    this.#used += 1;
    const skipped = this.#skipped;
    this.#skipped = 0;
    return skipped;
  }
}
