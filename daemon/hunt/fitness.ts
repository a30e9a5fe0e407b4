import { PRIME_LOG_TARGETS } from './validator/prime-match.ts';

export interface Scored {
  readonly sentinel_code: number;
  readonly log_prime_sse: number | null;
  readonly sdg_h_norm_l2: number | null;
  readonly sse_null_phase_scramble: number | null;
}

/** Weight of the falsifiability term, unless a hunt says another. */
export const LAMBDA_FALSIFIABILITY = 0.1;

/**
 * 1 / (sse + 0.01) / (1 + 10 h) + lambda clamp(null - sse, 0, M): better the nearer to the primes, the better geometry and field fit,
 * and the worse scrambled fields do. The last term is bounded by the number of targets M, so no odd null outweighs a score.
 * A job without a score has 0.
 */
export function fitnessOf({ sentinel_code, log_prime_sse, sdg_h_norm_l2, sse_null_phase_scramble }: Scored, lambda = LAMBDA_FALSIFIABILITY): number {
  if (sentinel_code !== 0 || log_prime_sse === null || sdg_h_norm_l2 === null) return 0;
  const falsifiable = sse_null_phase_scramble === null ? 0 : Math.min(PRIME_LOG_TARGETS.length, Math.max(0, sse_null_phase_scramble - log_prime_sse));
  return 1 / (log_prime_sse + 0.01) / (1 + 10 * sdg_h_norm_l2) + lambda * falsifiable;
}
