import path from 'node:path';
import type { Clock } from '../../protocol/common/clock.ts';
import type { Disk } from '../ledger/disk/disk.ts';
import { FIELD_FOLDER } from './artifact.ts';
import { PROVENANCE_FOLDER } from './hunter.ts';
import type { HuntJob } from './job.ts';
import type { Provenance } from './provenance.ts';
import { runJob } from './run-job.ts';
import type { HuntSteps, StepProgress } from './steps.ts';

/** What a job needs besides itself. */
export interface JobPlace {
  readonly huntId: string;
  /** Of the hunt: `provenance/` and `fields/` are in it. */
  readonly folder: string;
  readonly surrogates: number;
  /** Aborted when the hunt is stopped. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: StepProgress) => void;
}

/** Whoever runs jobs: this machine, or others. One runner may serve many jobs at the same time. */
export interface JobRunner {
  /**
   * Runs a job to its end. When it resolves, the provenance file is in the hunt's folder, and the field file it names, too; a job that
   * failed resolves like any other, with its sentinel code.
   * @throws the signal's reason when the hunt is stopped: then there is no provenance file, and the job is still to be done; the
   *   disk's error when a file cannot be written
   */
  run(job: HuntJob, place: JobPlace): Promise<Provenance>;
  /** Why no job gets on now, for a person (no host takes jobs, the queue is away); null = nothing is amiss. Not a failure: it ends by itself. */
  waiting(): string | null;
  /** To be called by whoever made it, once no job runs. */
  close(): Promise<void>;
}

export interface LocalRunnerOptions {
  /** Closed with the runner. */
  readonly steps: HuntSteps;
  readonly disk: Disk;
  readonly clock: Clock;
  /** Default 600 s. */
  readonly simulateDeadlineMs?: number;
  /** Default 300 s. */
  readonly validateDeadlineMs?: number;
}

/** Jobs on this machine, by whatever carries out `steps`. */
export function localRunner(options: LocalRunnerOptions): JobRunner {
  return {
    run: (job, { folder, ...place }) => runJob(job, { ...options, ...place, provenanceFolder: path.join(folder, PROVENANCE_FOLDER), fieldFolder: path.join(folder, FIELD_FOLDER) }),
    waiting: () => null,
    close: () => {
      options.steps.close?.();
      return Promise.resolve();
    },
  };
}
