export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
}

export const POOL_BACKOFF: BackoffOptions = { firstMs: 1_000, maxMs: 60_000 };

/**
 * The pause before the next attempt, in ms: doubling up to a limit, shortened by up to half at random so that rigs do not
 * return in step.
 * @param failures in a row before this one
 * @param random numbers from 0 up to, but not including, 1
 */
export function backoffMs(failures: number, random: () => number, { firstMs, maxMs }: BackoffOptions = POOL_BACKOFF): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(failures, 30));
  return Math.round(full * (0.5 + 0.5 * random()));
}
