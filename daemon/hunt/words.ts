import type { HuntTelemetry } from '../telemetry/state.ts';

/** What a hunt found so far, in a line: no score without the chance that it means nothing. */
export function huntOutcome({ best, golden }: Pick<HuntTelemetry, 'best' | 'golden'>): string {
  if (best === null) return 'no run has a score';
  const found = `best SSE ${best.log_prime_sse === null ? 'unknown' : best.log_prime_sse.toPrecision(4)} (p ${pText(best.p_value)}, the best of many)`;
  if (golden === null) return `${found}, not proved on fresh seeds`;
  return `${found}; on fresh seeds SSE ${golden.log_prime_sse === null ? 'unknown' : golden.log_prime_sse.toPrecision(4)} (p ${pText(golden.p_value)}): ${golden.is_significant ? 'better than scrambled fields' : 'no better than scrambled fields, which is what noise gives'}`;
}

/** Two digits, or `unknown`. */
export const pText = (p: number | null): string => (p === null ? 'unknown' : p.toPrecision(2));
