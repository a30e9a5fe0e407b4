/** How well the peaks of a ray fit ln 2, ln 3, ln 5, ln 7, ln 11, up to one scale. */

export const PRIMES = [2, 3, 5, 7, 11] as const;
/** With three targets a free scale fits a quarter of all noise, with five next to none of it. */
export const PRIME_LOG_TARGETS: readonly number[] = PRIMES.map(Math.log);
/** How far a scaled peak may lie from its target to be taken for it. */
const TOLERANCE = 0.15;
const PENALTY_MISSING = 1;
const LEAST_PAIRS = 2;
const REFITS = 2;

export interface RayMatch {
  /** Sum of (S k - t)^2 over the matched pairs, and 1 for each target without a peak: 0 to the number of targets, about. */
  readonly score: number;
  /** S that takes the wave numbers to the targets; null when fewer than two targets have a peak. */
  readonly scale: number | null;
  /** Wave number of the peak of each target; null = none. */
  readonly matched: readonly (number | null)[];
}

/**
 * The best of all beginnings in which one of the peaks is the first or the second target. From there: to each target, in
 * increasing order, the nearest peak not used yet within 0.15; S = sum k t / sum k^2; again with that S.
 * @param peaks wave numbers, above zero @param targets increasing
 */
export function matchPeaks(peaks: readonly number[], targets: readonly number[] = PRIME_LOG_TARGETS): RayMatch {
  let best: RayMatch = { score: PENALTY_MISSING * targets.length, scale: null, matched: targets.map(() => null) };
  for (const peak of peaks) {
    for (const target of targets.slice(0, 2)) {
      const match = fit(peaks, targets, target / peak);
      if (match !== null && match.score < best.score) best = match;
    }
  }
  return best;
}

function fit(peaks: readonly number[], targets: readonly number[], start: number): RayMatch | null {
  let scale = start;
  let matched = assign(peaks, targets, scale);
  for (let pass = 0; ; pass++) {
    let kt = 0;
    let kk = 0;
    let pairs = 0;
    matched.forEach((k, i) => {
      if (k === null) return;
      kt += k * targets[i]!;
      kk += k * k;
      pairs++;
    });
    if (pairs < LEAST_PAIRS) return null;
    scale = kt / kk;
    if (pass === REFITS) return { score: scoreOf(matched, targets, scale), scale, matched };
    matched = assign(peaks, targets, scale);
  }
}

function assign(peaks: readonly number[], targets: readonly number[], scale: number): (number | null)[] {
  const used = new Set<number>();
  return targets.map((target) => {
    let nearest = -1;
    let distance = TOLERANCE;
    peaks.forEach((k, i) => {
      const gap = Math.abs(scale * k - target);
      if (used.has(i) || gap > distance) return;
      nearest = i;
      distance = gap;
    });
    if (nearest < 0) return null;
    used.add(nearest);
    return peaks[nearest]!;
  });
}

const scoreOf = (matched: readonly (number | null)[], targets: readonly number[], scale: number): number =>
  matched.reduce<number>((sum, k, i) => sum + (k === null ? PENALTY_MISSING : (scale * k - targets[i]!) ** 2), 0);
