import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import path from 'node:path';
import type { Clock, Timer } from '../../../protocol/common/clock.ts';
import type { Log } from '../../../protocol/common/log.ts';
import type { Disk } from '../../ledger/disk/disk.ts';
import { PROVENANCE_FOLDER } from '../hunter.ts';
import type { HuntJob } from '../job.ts';
import type { Provenance } from '../provenance.ts';
import { failedProvenance } from '../run-job.ts';
import type { JobPlace, JobRunner } from '../runner.ts';
import { HUNT_SENTINEL } from '../sentinels.ts';
import type { StepProgress } from '../steps.ts';
import { BEAT_MS, huntContract, MOST_RESULT_BYTES, queueNames, RESULT_TTL_SECS, type QueueTask } from './contract.ts';
import { beat, leave, member, type Member } from './presence.ts';
import { connectRedis, redisAddress, troubleOf, type RedisAccess } from './redis.ts';
import { fetchResult, writeResult } from './take-result.ts';

/** How often the jobs under way are looked at, and how often while Redis is away. */
const LOOK_MS = 250;
const AWAY_MS = 1_000;
/** How long nobody may be there before that is said. */
const PATIENCE_MS = 10_000;
/** How long closing waits until the jobs that were stopped are taken back. */
const CLOSE_MS = 3_000;
/** Of what Redis keeps for readers of events; there are none. */
const EVENTS = 100;

export interface QueueRunnerOptions extends RedisAccess {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly simulateDeadlineMs: number;
  readonly validateDeadlineMs: number;
}

type JobQueue = Queue<QueueTask, unknown>;

interface Pending {
  readonly job: HuntJob;
  readonly place: JobPlace;
  readonly resolve: (provenance: Provenance) => void;
  readonly reject: (error: unknown) => void;
  /** It was asked for in Redis: a stop of before is taken back. */
  isClaimed: boolean;
  /** Its result is being written: too late for a stop. */
  isTaken: boolean;
  /** Results that could not be used. */
  spoilt: number;
  progress: string;
}

/**
 * Jobs run by workers on any number of hosts. A job's id in the queue is its uuid, so that a job added again, by a coordinator
 * that came back or after Redis lost its data, is the same job, and a result that is there already is taken over.
 *
 * Everything is seen by looking, a few times a second: that is one way for the usual and for every fault, and no message can be missed.
 * There is no deadline for a job that nobody takes: `waiting()` says so, and the hunt can be stopped.
 */
export class QueueRunner implements JobRunner {
  readonly #options: QueueRunnerOptions;
  readonly #redis: Redis;
  readonly #newQueue: () => JobQueue;
  #queue: JobQueue | null = null;
  readonly #contract = huntContract();
  readonly #names: ReturnType<typeof queueNames>;
  readonly #self: Member;
  readonly #pending = new Map<string, Pending>();
  /** Jobs to be taken back from the queue or the worker that has them. */
  readonly #stopped = new Set<string>();
  #members: readonly Member[] = [];
  #beatAt = -Infinity;
  #lonelySince: number | null = null;
  #trouble: string | null = null;
  #lastError: unknown = null;
  #said: string | null = null;
  #looping: Promise<void> | null = null;
  #wake: () => void = () => {};
  #isClosed = false;

  private constructor(options: QueueRunnerOptions, redis: Redis, QueueClass: typeof Queue) {
    this.#options = options;
    this.#redis = redis;
    this.#names = queueNames(options.config.queue, this.#contract);
    this.#self = member('hunt', this.#contract);
    const { prefix, queue } = this.#names;
    this.#newQueue = () => new QueueClass<QueueTask, unknown>(queue, { connection: redis, prefix, streams: { events: { maxLen: EVENTS } } });
    redis.on('error', (error) => (this.#lastError = error));
    redis.on('ready', () => {
      this.#lastError = null;
      this.#wake();
    });
  }

  /** Redis need not be there yet. @throws RigError E_HUNT_QUEUE for a file that cannot be read */
  static async open(options: QueueRunnerOptions): Promise<QueueRunner> {
    const { Queue } = await import('bullmq');
    return new QueueRunner(options, await connectRedis(options, 'rigbrain-hunt', false), Queue);
  }

  run(job: HuntJob, place: JobPlace): Promise<Provenance> {
    return new Promise((resolve, reject) => {
      place.signal.throwIfAborted();
      const uuid = job.job_uuid;
      const end = (): void => {
        place.signal.removeEventListener('abort', onStop);
        this.#pending.delete(uuid);
      };
      const pending: Pending = { job, place, isClaimed: false, isTaken: false, spoilt: 0, progress: '', resolve: (provenance) => (end(), resolve(provenance)), reject: (error) => (end(), reject(error as Error)) };
      const onStop = (): void => {
        if (pending.isTaken) return;
        this.#stopped.add(uuid);
        pending.reject(place.signal.reason);
        this.#wake();
      };
      place.signal.addEventListener('abort', onStop, { once: true });
      this.#stopped.delete(uuid);
      this.#pending.set(uuid, pending);
      this.#looping ??= this.#loop().finally(() => (this.#looping = null));
      this.#wake();
    });
  }

  waiting(): string | null {
    return this.#pending.size === 0 ? null : (this.#trouble ?? this.#loneliness());
  }

  async close(): Promise<void> {
    // Of a Redis that is away nothing can be taken back: hosts run those jobs, and their results wait.
    if (this.#redis.status !== 'ready') this.#stopped.clear();
    this.#wake();
    const late = this.#options.clock.after(CLOSE_MS, () => {
      this.#isClosed = true;
      this.#redis.disconnect();
      this.#wake();
    });
    await this.#looping;
    late.cancel();
    this.#isClosed = true;
    if (this.#redis.status === 'ready') await leave(this.#redis, this.#names.presence, this.#self).catch(() => {});
    this.#redis.disconnect();
    await this.#queue?.close().catch(() => {});
  }

  /** Made once there is a connection, and made anew when that was lost before it was ready: one that failed to begin stays so. */
  async #ready(): Promise<JobQueue> {
    if (this.#redis.status !== 'ready') throw new Error(`not connected (${this.#redis.status})`);
    if (this.#queue !== null) return this.#queue;
    const queue = this.#newQueue();
    queue.on('error', (error) => (this.#lastError = error));
    try {
      await queue.waitUntilReady();
    } catch (error) {
      await queue.close().catch(() => {});
      throw error;
    }
    return (this.#queue = queue);
  }

  /** Runs while there is anything to look after. */
  async #loop(): Promise<void> {
    await this.#sleep(0);
    while (!this.#isClosed && this.#pending.size + this.#stopped.size > 0) {
      try {
        // At the beginning there is nothing to say yet.
        if (!/^connect/.test(this.#redis.status) || this.#lastError !== null) await this.#look();
        this.#trouble = null;
      } catch (error) {
        this.#trouble = troubleOf(this.#redis.status === 'ready' ? error : (this.#lastError ?? error), this.#options.config);
      }
      this.#say();
      await this.#sleep(this.#trouble === null ? LOOK_MS : AWAY_MS);
    }
  }

  async #look(): Promise<void> {
    const queue = await this.#ready();
    const { clock } = this.#options;
    if (clock.monotonic() - this.#beatAt >= BEAT_MS) {
      this.#members = await beat(this.#redis, this.#names.presence, this.#self);
      this.#beatAt = clock.monotonic();
      this.#lonelySince = this.#members.some((one) => this.#isHelp(one)) ? null : (this.#lonelySince ?? clock.monotonic());
    }
    const looks = await Promise.allSettled([...[...this.#stopped].map((uuid) => this.#takeBack(queue, uuid)), ...[...this.#pending.values()].map((pending) => this.#lookAt(queue, pending))]);
    const failure = looks.find((look) => look.status === 'rejected');
    if (failure) throw failure.reason;
  }

  /** @throws what Redis throws; what the disk throws ends the job */
  async #lookAt(queue: JobQueue, pending: Pending): Promise<void> {
    const { job, place } = pending;
    if (!pending.isClaimed) {
      await this.#redis.del(this.#names.cancel(job.job_uuid));
      pending.isClaimed = true;
    }
    const found = await queue.getJob(job.job_uuid);
    if (!this.#isWanted(pending)) return;
    if (found === undefined) return void (await this.#add(queue, pending));
    if (!found.finishedOn) return this.#tellProgress(pending, found.progress);
    const where = { redis: this.#redis, names: this.#names, disk: this.#options.disk, huntId: place.huntId, folder: place.folder };
    // A reason alone does not say that it failed: it may be that of an earlier attempt.
    const result = found.returnvalue === null || found.returnvalue === undefined ? this.#failed(pending, found.failedReason ?? 'it left no result') : await fetchResult(found.returnvalue, job, where);
    if (!this.#isWanted(pending)) return;
    if (typeof result === 'string') return await this.#spoilt(pending, found, result);
    pending.isTaken = true;
    try {
      pending.resolve(await writeResult(result, where));
    } catch (error) {
      return pending.reject(error);
    }
    await this.#forget(found, result.fieldKey);
  }

  #isWanted = ({ job, isTaken }: Pending): boolean => !isTaken && this.#pending.get(job.job_uuid)?.job === job;

  async #add(queue: JobQueue, { job, place }: Pending): Promise<void> {
    const { config, simulateDeadlineMs, validateDeadlineMs } = this.#options;
    const task: QueueTask = { contract: this.#contract, hunt_id: place.huntId, surrogates: place.surrogates, simulate_deadline_ms: simulateDeadlineMs, validate_deadline_ms: validateDeadlineMs, attempts: config.attempts, job };
    const kept = { age: RESULT_TTL_SECS, count: 1000 };
    await queue.add('job', task, { jobId: job.job_uuid, attempts: config.attempts, backoff: { type: 'exponential', delay: 1000 }, removeOnComplete: kept, removeOnFail: kept, stackTraceLimit: 1, sizeLimit: MOST_RESULT_BYTES });
  }

  #failed({ job, place }: Pending, why: string) {
    const provenance = failedProvenance(job, { clock: this.#options.clock, huntId: place.huntId, provenanceFolder: path.join(place.folder, PROVENANCE_FOLDER) }, { code: HUNT_SENTINEL.exception, why: `no host could run the job: ${why}` });
    return { provenance, field: null, fieldKey: null };
  }

  /** A result that cannot be used: the job is begun again, as often as any. */
  async #spoilt(pending: Pending, found: Job<QueueTask, unknown>, why: string): Promise<void> {
    this.#options.log.warn({ job_uuid: pending.job.job_uuid, why }, 'a worker sent a result that cannot be used');
    await found.remove();
    if (!this.#isWanted(pending) || ++pending.spoilt < this.#options.config.attempts) return;
    pending.isTaken = true;
    const { provenance } = this.#failed(pending, why);
    await writeResult({ provenance, field: null }, { disk: this.#options.disk, folder: pending.place.folder }).then(pending.resolve, pending.reject);
  }

  /** What is on the disk need not be in Redis. A failure is none: all of it ends by itself. */
  async #forget(found: Job<QueueTask, unknown>, fieldKey: string | null): Promise<void> {
    await Promise.allSettled([found.remove(), ...(fieldKey === null ? [] : [this.#redis.del(fieldKey)])]);
  }

  /** A job of a hunt that was stopped. One that has a result keeps it: it is the hunt's when it goes on. */
  async #takeBack(queue: JobQueue, uuid: string): Promise<void> {
    const found = await queue.getJob(uuid);
    if (found !== undefined && !found.finishedOn && this.#stopped.has(uuid)) {
      // The word first: a worker may take the job right now.
      await this.#redis.set(this.#names.cancel(uuid), '1', 'EX', RESULT_TTL_SECS);
      const isRemoved = (await queue.remove(uuid)) === 1;
      if (isRemoved || !this.#stopped.has(uuid)) await this.#redis.del(this.#names.cancel(uuid));
    }
    this.#stopped.delete(uuid);
  }

  #tellProgress(pending: Pending, progress: unknown): void {
    const { steps, totalSteps } = (progress ?? {}) as Partial<StepProgress>;
    if (!Number.isFinite(steps) || !Number.isFinite(totalSteps)) return;
    const now = `${steps}/${totalSteps}`;
    if (now === pending.progress) return;
    pending.progress = now;
    pending.place.onProgress?.({ steps: steps!, totalSteps: totalSteps! });
  }

  #isHelp = ({ role, contract }: Member): boolean => role === 'worker' && contract === this.#contract;

  #loneliness(): string | null {
    if (this.#lonelySince === null || this.#options.clock.monotonic() - this.#lonelySince < PATIENCE_MS) return null;
    const others = [...new Set(this.#members.filter(({ role }) => role === 'worker').map(({ host, contract }) => `${host} (version ${contract.split('/')[0]})`))];
    const queue = `queue ${this.#options.config.queue} at ${redisAddress(this.#options.config)}`;
    if (others.length > 0) return `no host takes jobs of this version (${this.#contract.split('/')[0]}) from ${queue}: ${others.slice(0, 5).join(', ')} must have the same`;
    return `no host takes jobs from ${queue}: start \`rigbrain hunt worker\` on one`;
  }

  /** Once when it begins to wait, once when it goes on. */
  #say(): void {
    const waiting = this.waiting();
    if ((waiting === null) === (this.#said === null)) return;
    if (waiting !== null) this.#options.log.warn({ redis: redisAddress(this.#options.config) }, `the jobs of the hunt wait: ${waiting}`);
    else this.#options.log.info({}, 'the jobs of the hunt go on');
    this.#said = waiting;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      let timer: Timer | null = null;
      this.#wake = () => {
        timer?.cancel();
        resolve();
      };
      timer = this.#options.clock.after(ms, resolve);
    });
  }
}
