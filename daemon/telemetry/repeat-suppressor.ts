/** Keeps a fault that repeats from filling the log: the first is said, then one line a period with the count. */
export class RepeatSuppressor {
  #periodMs: number;
  #seen = new Map<string, { at: number; left: number }>();

  constructor(periodMs = 60_000) {
    this.#periodMs = periodMs;
  }

  /**
   * Whether to say it now.
   * @param now monotonic milliseconds
   * @returns how many were left unsaid since the last time, or null: say nothing
   */
  pass(key: string, now: number): number | null {
    const entry = this.#seen.get(key);
    if (entry && now - entry.at < this.#periodMs) {
      entry.left++;
      return null;
    }
    // Keys come from a fixed set of faults; forgetting the oldest bounds the map all the same.
    if (!entry && this.#seen.size >= 256) this.#seen.delete(this.#seen.keys().next().value as string);
    this.#seen.set(key, { at: now, left: 0 });
    return entry?.left ?? 0;
  }

  /** The fault is over: its next occurrence is news again. */
  clear(key: string): void {
    this.#seen.delete(key);
  }
}
