import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Clock } from '../../protocol/common/clock.ts';
import { systemClock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { Disk } from '../ledger/disk/disk.ts';
import { writeWhole } from '../ledger/disk/files.ts';
import { nodeDisk } from '../ledger/disk/node-disk.ts';
import type { HuntStatus } from '../telemetry/state.ts';
import { GOLDEN_ATTEMPTS, GOLDEN_NAME, goldenOf, reevaluationOf, type Golden } from './golden.ts';
import { Hunter, PROVENANCE_FOLDER, type FinishedRow, type HuntRow, type Steering } from './hunter.ts';
import type { HuntJob } from './job.ts';
import { provenanceName } from './provenance.ts';
import type { JobRunner } from './runner.ts';
import { whole, type HuntSettings } from './settings.ts';
import type { StepProgress } from './steps.ts';

const MOST_WORKERS = 64;

export type HuntState = HuntStatus;

export type HuntEvent =
  | { readonly kind: 'state'; readonly state: HuntState }
  | { readonly kind: 'generation'; readonly generation: number; readonly jobs: readonly HuntJob[] }
  | { readonly kind: 'job-started'; readonly job: HuntJob }
  | { readonly kind: 'job-progress'; readonly job: HuntJob; readonly progress: StepProgress }
  | { readonly kind: 'job-ended'; readonly row: HuntRow; readonly provenanceFile: string }
  | { readonly kind: 'golden'; readonly golden: Golden };

export interface HuntOptions {
  readonly folder: string;
  /** Runs the jobs. Whoever made it closes it, after the hunt. */
  readonly runner: JobRunner;
  /** Of a new hunt; one that is in the folder keeps its own. */
  readonly settings?: HuntSettings;
  /** Jobs at the same time. Default 1. */
  readonly workers?: number;
  readonly disk?: Disk;
  readonly clock?: Clock;
  readonly newUuid?: () => string;
  /** Of a new hunt. Default: a new one. */
  readonly huntId?: string;
  /** Told at once of everything that happens; what it throws is not looked at. */
  readonly onEvent?: (event: HuntEvent) => void;
}

/** One hunt in its folder: runs generations to its target, then tries the champion on other seeds. */
export class Hunt {
  readonly hunter: Hunter;
  readonly #options: HuntOptions;
  readonly #disk: Disk;
  readonly #clock: Clock;
  #state: HuntState = 'idle';
  #stop = new AbortController();
  #resumed: PromiseWithResolvers | null = null;
  #active = 0;

  private constructor(options: HuntOptions, hunter: Hunter, disk: Disk, clock: Clock) {
    this.#options = options;
    this.hunter = hunter;
    this.#disk = disk;
    this.#clock = clock;
  }

  /** Opens the hunt of a folder or begins one there; nothing runs yet. @throws RigError E_HUNT_SETTINGS, E_HUNT_JOURNAL; the disk's error */
  static async open(options: HuntOptions): Promise<Hunt> {
    whole('workers', options.workers ?? 1, 1, MOST_WORKERS);
    const disk = options.disk ?? nodeDisk;
    const clock = options.clock ?? systemClock;
    const hunter = await Hunter.open({ disk, folder: options.folder, now: () => clock.now(), newUuid: options.newUuid ?? randomUUID, huntId: options.huntId }, options.settings);
    return new Hunt(options, hunter, disk, clock);
  }

  get state(): HuntState {
    return this.#state;
  }

  /**
   * Runs `generations` more, or, without a number, on to the target of before: that is how a hunt is resumed.
   * @returns the golden run, the champion not being one null
   * @throws RigError E_HUNT_SETTINGS when it runs already; the disk's error. When it is stopped it returns null.
   */
  async run(generations?: number): Promise<Golden | null> {
    if (this.#state === 'running' || this.#state === 'pausing' || this.#state === 'paused' || this.#state === 'stopping') throw new RigError('E_HUNT_SETTINGS', 'the hunt runs already');
    this.#stop = new AbortController();
    this.#enter('running');
    try {
      if (generations !== undefined) await this.hunter.setTarget(this.hunter.getCurrentGeneration() + generations);
      await this.#finishPending();
      while (this.hunter.getCurrentGeneration() < this.hunter.targetGenerations) {
        const jobs = await this.hunter.registerNewJobs(this.hunter.getNextGeneration());
        this.#tell({ kind: 'generation', generation: jobs[0]!.generation, jobs });
        await this.#finishPending();
      }
      const golden = await this.#gild();
      await this.hunter.writeLedger();
      this.#enter('completed');
      return golden;
    } catch (error) {
      await this.hunter.writeLedger().catch(() => {});
      if (this.#stop.signal.aborted && error === this.#stop.signal.reason) {
        this.#enter('stopped');
        return null;
      }
      this.#enter('failed');
      throw error;
    } finally {
      this.#resumed?.resolve();
      this.#resumed = null;
    }
  }

  /** Begins no more jobs; those that run come to their end. */
  pause(): void {
    if (this.#state !== 'running') return;
    this.#resumed = withResolvers();
    this.#enter(this.#active === 0 ? 'paused' : 'pausing');
  }

  /** After `pause`. */
  resume(): void {
    if (this.#state !== 'pausing' && this.#state !== 'paused') return;
    this.#enter('running');
    this.#resumed?.resolve();
    this.#resumed = null;
  }

  /** Ends what runs, now. Jobs without a result are run when the hunt is run again. */
  stop(): void {
    if (this.#state !== 'running' && this.#state !== 'pausing' && this.#state !== 'paused') return;
    this.#enter('stopping');
    this.#stop.abort(new Error('the hunt was stopped'));
    this.#resumed?.resolve();
    this.#resumed = null;
  }

  /** Counts from the next generation on. @throws RigError E_HUNT_SETTINGS that names the field */
  steer(steering: Steering): Promise<void> {
    return this.hunter.steer(steering);
  }

  /** To be called once `run` has returned. */
  async close(): Promise<void> {
    await this.hunter.close();
  }

  /** Runs all jobs that have no result, so many at a time. */
  async #finishPending(): Promise<void> {
    const queue = this.hunter.pendingJobs();
    if (queue.length === 0) return;
    // The first that fails ends the others: what a job could not write down is nothing that a next one could.
    const failed = new AbortController();
    const worker = async (): Promise<void> => {
      for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
        await this.#untilResumed();
        if (failed.signal.aborted) return;
        await this.#runJob(job);
      }
    };
    const workers = Array.from({ length: Math.min(this.#options.workers ?? 1, queue.length) }, () => worker().catch((error: unknown) => {
      failed.abort();
      throw error;
    }));
    const results = await Promise.allSettled(workers);
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
    await this.hunter.updateLedger();
  }

  async #runJob(job: HuntJob): Promise<void> {
    const { folder, runner } = this.#options;
    this.#active++;
    try {
      this.#tell({ kind: 'job-started', job });
      const provenance = await runner.run(job, {
        huntId: this.hunter.huntId,
        folder,
        surrogates: this.hunter.settings.surrogates,
        signal: this.#stop.signal,
        onProgress: (progress) => this.#tell({ kind: 'job-progress', job, progress }),
      });
      const row = await this.hunter.processResult(provenance);
      this.#tell({ kind: 'job-ended', row, provenanceFile: path.join(folder, PROVENANCE_FOLDER, provenanceName(job.job_uuid)) });
    } finally {
      this.#active--;
      if (this.#active === 0 && this.#state === 'pausing') this.#enter('paused');
    }
  }

  /** Runs the best on other seeds; the first that has a score on all of them is golden, else none. */
  async #gild(): Promise<Golden | null> {
    if (this.hunter.settings.golden_seeds === 0) return null;
    for (const champion of this.hunter.candidates().slice(0, GOLDEN_ATTEMPTS)) {
      const judges = (): HuntRow[] => this.hunter.rows.filter(({ job }) => job.origin === 'reevaluation' && job.parent_1 === champion.job.job_uuid);
      if (judges().length === 0) await this.hunter.registerReevaluation(champion);
      await this.#finishPending();
      const reevaluation = reevaluationOf(judges());
      if (!reevaluation.is_stable) continue;
      return await this.#writeGolden(champion, reevaluation);
    }
    return null;
  }

  async #writeGolden(champion: FinishedRow, reevaluation: ReturnType<typeof reevaluationOf>): Promise<Golden> {
    const provenance = await this.hunter.readProvenance(champion.job.job_uuid);
    if (provenance === null) throw new RigError('E_HUNT_STEP', `the provenance of the best run, ${champion.job.job_uuid}, is not there any more`);
    const golden = goldenOf(this.hunter.huntId, champion, provenance, reevaluation, new Date(this.#clock.now()).toISOString());
    await writeWhole(this.#disk, path.join(this.#options.folder, GOLDEN_NAME), Buffer.from(`${JSON.stringify(golden, null, 2)}\n`));
    this.#tell({ kind: 'golden', golden });
    return golden;
  }

  async #untilResumed(): Promise<void> {
    while (this.#resumed !== null) await this.#resumed.promise;
    this.#stop.signal.throwIfAborted();
  }

  #enter(state: HuntState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#tell({ kind: 'state', state });
  }

  #tell(event: HuntEvent): void {
    try {
      this.#options.onEvent?.(event);
    } catch {
      // A listener is no part of the hunt.
    }
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
