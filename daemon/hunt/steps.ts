/** The two steps of a job, and what is asked of whoever carries them out. */
import type { Disk } from '../ledger/disk/disk.ts';
import { createSolver } from '../solver/backends.ts';
import type { SncglSolver } from '../solver/contract.ts';
import { correlationTime } from './correlation-time.ts';
import { defaultBatch, runSolver, type RunProgress } from '../solver/run.ts';
import { readField, writeField } from './artifact.ts';
import type { DutyCycle } from './duty-cycle.ts';
import { solverParameters, type HuntJob } from './job.ts';
import type { HuntSentinel } from './sentinels.ts';
import { validate, type Validation } from './validator/validate.ts';

export interface SimulateTask {
  readonly kind: 'simulate';
  readonly job: HuntJob;
  /** Where the last state is to be written. */
  readonly fieldFile: string;
}

export interface ValidateTask {
  readonly kind: 'validate';
  readonly job: HuntJob;
  readonly fieldFile: string;
  readonly fieldSha256: string;
  readonly surrogates: number;
}

export interface Simulated {
  readonly sentinelCode: HuntSentinel;
  readonly reason: string | null;
  readonly steps: number;
  readonly backend: string;
  /** Null when the run left no state that can be judged. */
  readonly fieldSha256: string | null;
  readonly omegaSquaredMin: number | null;
  readonly clampedShare: number | null;
  /** Slope of ln(mean density) over time in the last quarter of the run. */
  readonly rhoLateSlope: number | null;
  /** Time after which the mean current has forgotten itself, in the second half of the run. */
  readonly tauC: number | null;
}

export interface StepProgress {
  readonly steps: number;
  readonly totalSteps: number;
}

export interface StepOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: StepProgress) => void;
}

/** Whoever carries out steps: in this thread, in processes, or on other hosts. A rejection is a failure of the step. */
export interface HuntSteps {
  simulate(task: SimulateTask, options: StepOptions): Promise<Simulated>;
  validate(task: ValidateTask, options: StepOptions): Promise<Validation>;
  /** Ends what waits for the next step; none may run. */
  close?(): void;
}

/**
 * On the calling thread: for tests, and inside a worker process. Between batches of steps the thread is free, in the validation not.
 * @param duty keeps the process at its part of a core; null = it takes what it gets
 */
export function localSteps(disk: Disk, kernel = 'auto', duty: DutyCycle | null = null): HuntSteps {
  return {
    async simulate({ job, fieldFile }, { signal, onProgress }) {
      const solver = createSolver(solverParameters(job), { seed: job.global_seed }, { kernel });
      try {
        const history: RunProgress[] = [];
        const outcome = await runSolver(solver, {
          batchSteps: lookEvery(solver),
          ...(signal && { signal }),
          ...(duty && { rest: () => duty.rest() }),
          onProgress: (progress) => {
            history.push(progress);
            onProgress?.({ steps: progress.steps, totalSteps: progress.totalSteps });
          },
        });
        const isFinite = Number.isFinite(outcome.densityMean) && Number.isFinite(outcome.omegaSquaredMin);
        const { n, dim } = solver.grid;
        const state = { psi: solver.field(), omegaSquared: solver.omegaSquared(), densityRatio: solver.densityRatio() };
        return {
          sentinelCode: outcome.sentinelCode,
          reason: outcome.reason,
          steps: outcome.steps,
          backend: solver.kernel,
          fieldSha256: isFinite ? await writeField(disk, fieldFile, { job_uuid: job.job_uuid, n, dim, state }) : null,
          omegaSquaredMin: isFinite ? outcome.omegaSquaredMin : null,
          clampedShare: isFinite ? outcome.clampedShare : null,
          rhoLateSlope: lateSlope(history, job.simulation.dt),
          tauC: correlationTime(history, job.simulation.dt),
        };
      } finally {
        solver.close();
      }
    },
    async validate({ job, fieldFile, fieldSha256, surrogates }, { signal }) {
      const { state } = await readField(disk, fieldFile, fieldSha256);
      signal?.throwIfAborted();
      return validate(solverParameters(job), state, job.global_seed, surrogates, () => duty?.restBlocking());
    },
  };
}

/** Often enough for a correlation time; at the default size the looks take a fortieth of the steps' time. */
const LOOKS = 128;
const lookEvery = (solver: SncglSolver): number => Math.max(1, Math.min(defaultBatch(solver), Math.ceil(solver.parameters.T_steps / LOOKS)));

/** Between the first look at or after three quarters of the run and the last; null when there is one only. */
function lateSlope(history: readonly RunProgress[], dt: number): number | null {
  const last = history.at(-1);
  const first = last && history.find(({ steps }) => steps >= 0.75 * last.steps);
  if (first === undefined || last === undefined || first === last) return null;
  const slope = Math.log(last.densityMean / first.densityMean) / ((last.steps - first.steps) * dt);
  return Number.isFinite(slope) ? slope : null;
}
