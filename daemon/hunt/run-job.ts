import path from 'node:path';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { Disk } from '../ledger/disk/disk.ts';
import { isMissing } from '../ledger/disk/disk.ts';
import { version } from '../version.ts';
import { fieldName } from './artifact.ts';
import type { HuntJob } from './job.ts';
import { NO_METRICS, PROVENANCE_VERSION, writeProvenance, type Provenance } from './provenance.ts';
import { HUNT_SENTINEL, type HuntSentinel } from './sentinels.ts';
import type { HuntSteps, Simulated, StepOptions, StepProgress } from './steps.ts';
import type { Validation } from './validator/validate.ts';

export const SIMULATE_DEADLINE_MS = 600_000;
export const VALIDATE_DEADLINE_MS = 300_000;

export interface RunJobOptions {
  readonly steps: HuntSteps;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly huntId: string;
  readonly provenanceFolder: string;
  readonly fieldFolder: string;
  readonly surrogates: number;
  readonly signal: AbortSignal;
  readonly simulateDeadlineMs?: number;
  readonly validateDeadlineMs?: number;
  readonly onProgress?: (progress: StepProgress) => void;
}

/** A step that did not end as it should, and what that is called. */
export interface Failure {
  readonly code: HuntSentinel;
  readonly why: string;
}

/**
 * One job: the simulation, its validation, and the provenance file, which is written whatever happened to either.
 * @throws the signal's reason when the hunt is stopped: then there is no file, and the job is still to be done; the disk's error when
 *   the file cannot be written, or the disk has no room for the field
 */
export async function runJob(job: HuntJob, options: RunJobOptions): Promise<Provenance> {
  const { clock, signal, disk, steps } = options;
  const fieldFile = path.join(options.fieldFolder, fieldName(job.job_uuid));
  const began = clock.monotonic();
  const simulated = await bounded(clock, signal, options.simulateDeadlineMs ?? SIMULATE_DEADLINE_MS, 'the simulation', options.onProgress, (how) => steps.simulate({ kind: 'simulate', job, fieldFile }, how));
  const simulateMs = clock.monotonic() - began;
  let validated: Validation | Failure | null = null;
  let validateMs: number | null = null;
  if ('fieldSha256' in simulated && simulated.fieldSha256 !== null) {
    const { fieldSha256 } = simulated;
    const start = clock.monotonic();
    validated = await bounded(clock, signal, options.validateDeadlineMs ?? VALIDATE_DEADLINE_MS, 'the validation', undefined, (how) => steps.validate({ kind: 'validate', job, fieldFile, fieldSha256, surrogates: options.surrogates }, how));
    validateMs = clock.monotonic() - start;
  }
  const provenance = compose(job, options, fieldFile, simulated, validated, { simulate_ms: Math.round(simulateMs), validate_ms: validateMs === null ? null : Math.round(validateMs) });
  await writeProvenance(disk, options.provenanceFolder, provenance);
  return provenance;
}

/** Of a job that came to nothing before its simulation had ended. */
export function failedProvenance(job: HuntJob, of: Pick<RunJobOptions, 'clock' | 'huntId' | 'provenanceFolder'>, failure: Failure): Provenance {
  return compose(job, of, '', failure, null, { simulate_ms: null, validate_ms: null });
}

function compose(job: HuntJob, options: Pick<RunJobOptions, 'clock' | 'huntId' | 'provenanceFolder'>, fieldFile: string, simulated: Simulated | Failure, validated: Validation | Failure | null, took: { simulate_ms: number | null; validate_ms: number | null }): Provenance {
  const run = 'fieldSha256' in simulated ? simulated : null;
  const verdict = validated !== null && 'metrics' in validated ? validated : null;
  // The first thing that went wrong is the reason of all that follows.
  const problem = firstProblem(simulated, validated);
  return {
    schema_version: PROVENANCE_VERSION,
    job_uuid: job.job_uuid,
    config_hash: job.config_hash,
    hunt_id: options.huntId,
    generation: job.generation,
    origin: job.origin,
    parent_1: job.parent_1,
    parent_2: job.parent_2,
    global_seed: job.global_seed,
    created_utc: new Date(options.clock.now()).toISOString(),
    status: problem === null ? 'ok' : 'failed',
    validation_status: validated === null ? 'not_run' : verdict?.sentinelCode === HUNT_SENTINEL.ok ? 'validated' : 'failed',
    sentinel_code: problem?.code ?? HUNT_SENTINEL.ok,
    error: problem?.why ?? null,
    simulation: { ...job.simulation, integrator: 'ETDRK4' },
    sncgl_params: { ...job.sncgl_params },
    sdg_params: { ...job.sdg_params },
    metrics: { ...NO_METRICS, ...finiteOnly(verdict?.metrics ?? {}), rho_late_slope: run?.rhoLateSlope ?? null, tau_c: run?.tauC ?? null, omega_sq_min: run?.omegaSquaredMin ?? null, clamp_fraction: run?.clampedShare ?? null },
    spectral_fidelity: verdict?.spectralFidelity ? structuredClone(verdict.spectralFidelity) as Provenance['spectral_fidelity'] : null,
    topology: verdict?.topology ?? null,
    solver_contract: { version: version(), backend: run?.backend ?? null },
    artifacts: { field: run === null || run.fieldSha256 === null ? null : { path: path.relative(path.dirname(options.provenanceFolder), fieldFile), sha256: run.fieldSha256 } },
    timing: { ...took, steps: run?.steps ?? null },
  };
}

function firstProblem(simulated: Simulated | Failure, validated: Validation | Failure | null): Failure | null {
  if ('code' in simulated) return simulated;
  if (simulated.sentinelCode !== HUNT_SENTINEL.ok) return { code: simulated.sentinelCode, why: simulated.reason ?? 'the run ended early' };
  if (validated === null) return { code: HUNT_SENTINEL.artifactMissing, why: 'the simulation left no state' };
  if ('code' in validated) return validated;
  return validated.sentinelCode === HUNT_SENTINEL.ok ? null : { code: validated.sentinelCode, why: validated.reason ?? 'the validation failed' };
}

const finiteOnly = (metrics: object): object => Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, typeof value === 'number' && !Number.isFinite(value) ? null : value]));

/** Runs a step until its deadline. @throws the hunt's signal's reason, the error of a disk without room, and nothing else: everything else is an outcome */
async function bounded<T extends object>(clock: Clock, stop: AbortSignal, deadlineMs: number, name: string, onProgress: ((progress: StepProgress) => void) | undefined, step: (how: StepOptions) => Promise<T>): Promise<T | Failure> {
  stop.throwIfAborted();
  const own = new AbortController();
  let end!: (failure: Failure | null) => void;
  const ended = new Promise<Failure | null>((resolve) => (end = resolve));
  const timer = clock.after(deadlineMs, () => {
    own.abort(new Error(`${name} took longer than ${deadlineMs} ms`));
    end({ code: HUNT_SENTINEL.timeout, why: `${name} did not end within ${deadlineMs / 1000} s` });
  });
  const onStop = (): void => {
    own.abort(stop.reason);
    end(null);
  };
  stop.addEventListener('abort', onStop, { once: true });
  try {
    const work = step({ signal: own.signal, ...(onProgress && { onProgress }) }).catch((error: unknown): Failure => {
      // Not the run's doing: as a failed one, it would never be run again.
      if (isNoRoom(error)) throw error;
      return { code: isGone(error) ? HUNT_SENTINEL.artifactMissing : HUNT_SENTINEL.exception, why: `${name} failed: ${messageOf(error)}` };
    });
    const result = await Promise.race([work, ended]);
    // What a step says after the hunt was stopped is no result: it may be what the stop did to it.
    stop.throwIfAborted();
    return result!;
  } finally {
    timer.cancel();
    stop.removeEventListener('abort', onStop);
  }
}

/** Of the system, here or in the process of the step. */
const errnoOf = (error: unknown): unknown => (error instanceof RigError ? error.context.errno : (error as NodeJS.ErrnoException | null)?.code);

/** A file that is not there. */
const isGone = (error: unknown): boolean => isMissing(error) || errnoOf(error) === 'ENOENT';

/** A disk that is full, or takes nothing any more. */
export const isNoRoom = (error: unknown): boolean => ['ENOSPC', 'EDQUOT', 'EROFS'].includes(String(errnoOf(error)));
