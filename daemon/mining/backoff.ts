export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** A connection that lasted this long proves the pool is well: the pauses start over. */
  readonly stableMs: number;
}

export const POOL_BACKOFF: BackoffOptions = { firstMs: 1_000, maxMs: 60_000, stableMs: 60_000 };

/** Pauses between attempts: doubling up to a limit, each shortened by up to half at random so that rigs do not return in step. */
export class Backoff {
  readonly #random: () => number;
  readonly #options: BackoffOptions;
  #attempts = 0;

  /** @param random numbers from 0 up to, but not including, 1 */
  constructor(random: () => number, options: BackoffOptions = POOL_BACKOFF) {
    this.#random = random;
    this.#options = options;
  }

  /**
   * The pause before the next attempt, in ms.
   * @param lastedMs how long the connection that ended had worked; 0 when there was none
   */
  next(lastedMs: number): number {
    const { firstMs, maxMs, stableMs } = this.#options;
    if (lastedMs >= stableMs) this.#attempts = 0;
    const full = Math.min(maxMs, firstMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return Math.round(full * (0.5 + 0.5 * this.#random()));
  }
}
