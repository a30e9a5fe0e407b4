import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SncglSolver } from './contract.ts';
import type { SolverParameters } from '../../kernels/spectral/parameters.ts';

/** Why a run ended early: what the field's own tools call sentinels. */
export const SENTINEL = {
  ok: 0,
  /** A number that is not finite: the geometry or the field has run away. */
  singularity: 1002,
  /** Nothing is left of the field: its mean density is below DRIFT_DENSITY. */
  drift: 1003,
  /** Omega^2 stands at its floor or its ceiling nearly everywhere: the metric is what the bounds make it, not what the field does. */
  geometry: 1005,
} as const;
export type SentinelCode = (typeof SENTINEL)[keyof typeof SENTINEL];

export const DRIFT_DENSITY = 1e-5;
const NEARLY_EVERYWHERE = 0.99;
/** Steps times points between two looks at the field and at the signal. */
const BATCH_WORK = 2 ** 17;

export interface RunProgress {
  readonly steps: number;
  readonly totalSteps: number;
  /** Mean of |A|^2 over the box. */
  readonly densityMean: number;
  readonly omegaSquaredMin: number;
  /** Share of the points whose Omega^2 stands at a bound that the equation alone would cross. */
  readonly clampedShare: number;
  /** Mean over the box of the current J = Im(A* grad A), one number for each direction. */
  readonly currentMean: readonly number[];
}

export interface RunOutcome extends RunProgress {
  readonly sentinelCode: SentinelCode;
  /** For a person; null when the run went to its end. */
  readonly reason: string | null;
}

export interface RunOptions {
  /** Default: the parameters' T_steps. */
  readonly steps?: number;
  readonly batchSteps?: number;
  readonly signal?: AbortSignal;
  /** Called after each batch of steps. */
  readonly onProgress?: (progress: RunProgress) => void;
  /** What is done between two batches. Default: other work of the thread has its turn. */
  readonly rest?: () => Promise<void>;
}

/**
 * Steps a solver to its end, in batches: between two of them other work of this thread goes on, the signal is obeyed and the
 * field is looked at. The solver stays the caller's.
 * @throws the signal's reason when it is aborted
 */
export async function runSolver(solver: SncglSolver, options: RunOptions = {}): Promise<RunOutcome> {
  const totalSteps = options.steps ?? solver.parameters.T_steps;
  const batch = options.batchSteps ?? defaultBatch(solver);
  for (let done = 0; ; ) {
    options.signal?.throwIfAborted();
    const count = Math.min(batch, totalSteps - done);
    solver.step(count);
    done += count;
    const progress = { steps: done, totalSteps, ...measure(solver) };
    const [sentinelCode, reason] = judge(progress);
    options.onProgress?.(progress);
    if (done >= totalSteps || sentinelCode !== SENTINEL.ok) return { ...progress, sentinelCode, reason };
    await (options.rest ?? nextTurn)();
  }
}

/** Steps between two looks, unless it is told otherwise. */
export const defaultBatch = ({ grid }: SncglSolver): number => Math.max(1, Math.round(BATCH_WORK / grid.points));

function judge({ densityMean, omegaSquaredMin, clampedShare, steps }: RunProgress): [SentinelCode, string | null] {
  const after = `after ${steps} steps`;
  if (!Number.isFinite(densityMean) || !Number.isFinite(omegaSquaredMin)) return [SENTINEL.singularity, `the field is not finite any more ${after}`];
  if (densityMean < DRIFT_DENSITY) return [SENTINEL.drift, `the mean density fell to ${densityMean.toExponential(2)} ${after}`];
  if (clampedShare >= NEARLY_EVERYWHERE) return [SENTINEL.geometry, `Omega^2 stands at its bounds at ${(clampedShare * 100).toFixed(1)} % of the points ${after}`];
  return [SENTINEL.ok, null];
}

function measure(solver: SncglSolver): Omit<RunProgress, 'steps' | 'totalSteps'> {
  const { re, im } = solver.spectrum();
  const { k } = solver.grid;
  const current = k.map(() => 0);
  let energy = 0;
  for (let i = 0; i < re.length; i++) {
    const power = re[i]! ** 2 + im[i]! ** 2;
    energy += power;
    for (let axis = 0; axis < k.length; axis++) current[axis]! += k[axis]![i]! * power;
  }
  const omega = solver.omegaSquared();
  const [floor, ceiling] = crossableBounds(solver.parameters);
  let least = Infinity;
  let clamped = 0;
  for (const value of omega) {
    // Not Math.min alone: NaN must not get lost.
    if (!(value >= least)) least = value;
    if (value <= floor || value >= ceiling) clamped++;
  }
  // Parseval: the mean over the points is the sum over the modes by points squared.
  return { densityMean: energy / re.length ** 2, omegaSquaredMin: least, clampedShare: clamped / omega.length, currentMean: current.map((value) => value / re.length ** 2) };
}

/** Omega^2 = 1 is where flat space is, and no clipping: only the Poisson form goes above it. */
function crossableBounds({ sdg_alpha, sdg_solver, sdg_omega_sq_min: least }: SolverParameters): [number, number] {
  if (sdg_alpha === 0 || least === 1) return [-Infinity, Infinity];
  const margin = 1 + 1e-9;
  return [least * margin, sdg_solver === 'poisson' ? 1 / (least * margin) : Infinity];
}
