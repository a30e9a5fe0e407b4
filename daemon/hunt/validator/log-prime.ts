import { PeakFinder, type Peak } from './peaks.ts';
import { matchPeaks, PRIME_LOG_TARGETS, type RayMatch } from './prime-match.ts';
import { raysOf, type RealField } from './rays.ts';

/** Below it a ray counts as locked to the primes. */
export const LOCKED = 0.01;

export interface LogPrimeScore {
  /** Mean over all rays. A ray without peaks counts as one without a match: the mean stays graded. */
  readonly log_prime_sse: number;
  readonly median: number;
  readonly best: number;
  readonly n_rays: number;
  readonly n_rays_locked: number;
  readonly n_rays_without_peaks: number;
  readonly n_rays_matched: number;
  readonly bestRay: { readonly peaks: readonly Peak[]; readonly match: RayMatch };
}

/** The peaks of every ray: found once, matched against any targets. */
export function peaksOfRays(field: RealField, dx: number, finder = new PeakFinder(field.n)): Peak[][] {
  return raysOf(field, dx).map((ray) => finder.find(ray));
}

/** @param targets increasing; default: the logarithms of the first five primes */
export function scoreRays(rays: readonly (readonly Peak[])[], targets: readonly number[] = PRIME_LOG_TARGETS): LogPrimeScore {
  const matches = rays.map((peaks) => matchPeaks(peaks.map(({ k }) => k), targets));
  const scores = matches.map(({ score }) => score);
  const best = scores.indexOf(Math.min(...scores));
  return {
    log_prime_sse: scores.reduce((sum, score) => sum + score, 0) / scores.length,
    median: median(scores),
    best: scores[best]!,
    n_rays: rays.length,
    n_rays_locked: scores.filter((score) => score < LOCKED).length,
    n_rays_without_peaks: rays.filter((peaks) => peaks.length === 0).length,
    n_rays_matched: matches.filter(({ scale }) => scale !== null).length,
    bestRay: { peaks: rays[best]!, match: matches[best]! },
  };
}

/** @param values one at least */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
