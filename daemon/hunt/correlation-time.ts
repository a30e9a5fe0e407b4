import type { RunProgress } from '../solver/run.ts';

const LEAST_SAMPLES = 16;

/**
 * First lag at which the autocorrelation of the box's mean current, about its own mean, falls below 1/e: over the second half of the run, where the
 * field has grown up, linear between two looks. In units of the run's time. It says how fast the flow as a whole changes, nothing of how long
 * the run would stay as it is.
 * @returns null when there are too few looks, no current, or none of the lags up to half of the record is long enough
 */
export function correlationTime(history: readonly Pick<RunProgress, 'steps' | 'currentMean' | 'densityMean'>[], dt: number): number | null {
  const last = history.at(-1);
  if (last === undefined) return null;
  const late = history.filter(({ steps }) => steps >= last.steps / 2);
  // The last look may come early; lags are counted in looks.
  const spacing = late.length > 1 ? late[1]!.steps - late[0]!.steps : 0;
  const even = late.filter(({ steps }, i) => i === 0 || steps - late[i - 1]!.steps === spacing);
  if (even.length < LEAST_SAMPLES || spacing <= 0) return null;
  const dims = last.currentMean.length;
  const mean = Array.from({ length: dims }, (_, axis) => even.reduce((sum, { currentMean }) => sum + currentMean[axis]!, 0) / even.length);
  const deviations = even.map(({ currentMean }) => currentMean.map((value, axis) => value - mean[axis]!));
  const atLag = (lag: number): number => {
    let sum = 0;
    for (let i = 0; i + lag < deviations.length; i++) for (let axis = 0; axis < dims; axis++) sum += deviations[i]![axis]! * deviations[i + lag]![axis]!;
    return sum / (deviations.length - lag);
  };
  const none = atLag(0);
  // Rounding is no current.
  if (!(none > 1e-24 * last.densityMean ** 2)) return null;
  for (let lag = 1; lag <= deviations.length / 2; lag++) {
    const here = atLag(lag) / none;
    if (here >= Math.exp(-1)) continue;
    const before = atLag(lag - 1) / none;
    return dt * spacing * (lag - 1 + (before - Math.exp(-1)) / (before - here));
  }
  return null;
}
