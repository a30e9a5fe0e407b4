import type { Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { rm, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Clock, Timer } from '../../../protocol/common/clock.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import type { Log } from '../../../protocol/common/log.ts';
import { readWhole } from '../../ledger/disk/files.ts';
import { nodeDisk } from '../../ledger/disk/node-disk.ts';
import { FIELD_FOLDER, fieldName } from '../artifact.ts';
import { PROVENANCE_FOLDER } from '../hunter.ts';
import { provenanceName, type Provenance } from '../provenance.ts';
import { isNoRoom, runJob } from '../run-job.ts';
import type { HuntSteps, StepProgress } from '../steps.ts';
import { huntContract, MOST_FIELD_BYTES, queueNames, readTask, RESULT_TTL_SECS, type QueueTask } from './contract.ts';
import { beat, leave, member, type Member } from './presence.ts';
import { connectRedis, redisAddress, troubleOf, type RedisAccess } from './redis.ts';

/** How often a worker says that it is there, and asks whether its jobs are still wanted. */
const LOOK_MS = 1_000;
/** Pause of a loop that Redis failed, and between two attempts to send a field to a Redis without room. */
const RETRY_MS = 1_000;
/** How long a host without room for a field takes no jobs. */
const NO_ROOM_MS = 30_000;
/** Longest that giving back jobs takes. */
const CLOSE_MS = 5_000;
/** How many jobs a worker may lose to other hosts: each job counts for itself, see `attempts`. */
const ANY = 1_000_000;

const GIVEN_BACK = new Error('the worker was stopped');
const STOPPED = new Error('the hunt was stopped');

export interface HuntWorkerOptions extends RedisAccess {
  readonly steps: HuntSteps;
  readonly clock: Clock;
  readonly log: Log;
  /** Jobs at the same time. */
  readonly concurrency: number;
  /** Where the files of jobs under way are; default: the system's folder for such. */
  readonly scratch?: string;
  /** For tests: of another version. */
  readonly contract?: string;
}

/**
 * Takes jobs of hunts from the queue, runs them as a local one would be, and sends back provenance and field. A job is this host's as long as
 * it renews its lease; what it does after it lost one is thrown away.
 */
export class HuntWorker {
  readonly #options: HuntWorkerOptions;
  readonly #redis: Redis;
  readonly #names: ReturnType<typeof queueNames>;
  readonly #contract: string;
  readonly #self: Member;
  readonly #errors: Pick<typeof import('bullmq'), 'UnrecoverableError' | 'WaitingError'>;
  readonly #scratch: string;
  readonly #worker: Worker<QueueTask, Provenance>;
  readonly #active = new Map<string, AbortController>();
  readonly #warned = new Set<string>();
  readonly #looking: Timer;
  #resting: Timer | null = null;
  #isLooking = false;
  #isClosing = false;
  #isAway = true;
  #hasSaidAway = false;

  private constructor(options: HuntWorkerOptions, redis: Redis, bullmq: typeof import('bullmq'), scratch: string) {
    this.#options = options;
    this.#redis = redis;
    this.#errors = bullmq;
    this.#scratch = scratch;
    this.#contract = options.contract ?? huntContract();
    this.#names = queueNames(options.config.queue, this.#contract);
    this.#self = member('worker', this.#contract, options.concurrency);
    // Redis takes whole milliseconds only.
    const lease = Math.round(options.config.lease_seconds * 1000);
    this.#worker = new bullmq.Worker<QueueTask, Provenance>(this.#names.queue, (job, token) => this.#process(job, token!), {
      connection: redis,
      prefix: this.#names.prefix,
      concurrency: options.concurrency,
      lockDuration: lease,
      lockRenewTime: Math.round(lease / 3),
      stalledInterval: Math.max(500, Math.round(lease / 3)),
      maxStalledCount: ANY,
      runRetryDelay: RETRY_MS,
      autorun: false,
    });
    this.#watch();
    this.#looking = options.clock.every(LOOK_MS, () => void this.#look());
    this.#worker.run().catch((error: unknown) => options.log.error({ err: messageOf(error) }, 'the worker cannot take jobs'));
  }

  /** Redis need not be there yet. @throws RigError E_HUNT_QUEUE for a file that cannot be read; the disk's error for the scratch folder */
  static async start(options: HuntWorkerOptions): Promise<HuntWorker> {
    const scratch = await mkdtemp(path.join(options.scratch ?? os.tmpdir(), 'rigbrain-hunt-worker-'));
    const bullmq = await import('bullmq');
    return new HuntWorker(options, await connectRedis(options, 'rigbrain-hunt-worker', true), bullmq, scratch);
  }

  /** uuids of the jobs under way. */
  get running(): readonly string[] {
    return [...this.#active.keys()];
  }

  /** Finishes nothing: gives its jobs back at once, so that another host takes them. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#looking.cancel();
    this.#resting?.cancel();
    for (const abort of this.#active.values()) abort.abort(GIVEN_BACK);
    let late!: Timer;
    const deadline = new Promise<void>((resolve) => (late = this.#options.clock.after(CLOSE_MS, resolve)));
    const orderly = async (): Promise<void> => {
      await this.#worker.close();
      if (this.#redis.status === 'ready') await leave(this.#redis, this.#names.presence, this.#self);
    };
    // Without a connection nothing can be given back: the leases end by themselves.
    if (this.#redis.status === 'ready') await Promise.race([orderly().catch(() => {}), deadline]);
    late.cancel();
    this.#redis.disconnect();
    void this.#worker.close(true).catch(() => {});
    this.#options.steps.close?.();
    await rm(this.#scratch, { recursive: true, force: true });
  }

  async #process(bull: Job<QueueTask, Provenance>, token: string): Promise<Provenance> {
    const { log, clock, steps } = this.#options;
    const { UnrecoverableError, WaitingError } = this.#errors;
    const uuid = bull.id!;
    const begun = bull.stalledCounter + bull.attemptsMade;
    const task = this.#read(bull.data);
    if (begun >= task.attempts) throw new UnrecoverableError(`it was begun ${begun} times, and no host came to its end${bull.failedReason ? ` (${bull.failedReason})` : ''}`);
    const abort = new AbortController();
    this.#active.set(uuid, abort);
    const fieldFile = path.join(this.#scratch, FIELD_FOLDER, fieldName(uuid));
    try {
      if (this.#isClosing) throw GIVEN_BACK;
      if ((await this.#redis.exists(this.#names.cancel(uuid))) === 1) throw STOPPED;
      log.info({ job_uuid: uuid, attempt: begun + 1 }, 'job begun');
      const provenance = await runJob(task.job, {
        steps,
        disk: nodeDisk,
        clock,
        huntId: task.hunt_id,
        provenanceFolder: path.join(this.#scratch, PROVENANCE_FOLDER),
        fieldFolder: path.join(this.#scratch, FIELD_FOLDER),
        surrogates: task.surrogates,
        signal: abort.signal,
        simulateDeadlineMs: task.simulate_deadline_ms,
        validateDeadlineMs: task.validate_deadline_ms,
        onProgress: progressTo(bull),
      });
      await this.#sendField(provenance, fieldFile, abort.signal);
      log.info({ job_uuid: uuid, sentinel_code: provenance.sentinel_code }, 'job ended');
      return provenance;
    } catch (error) {
      if (error === GIVEN_BACK) {
        await bull.moveToWait(token);
        log.info({ job_uuid: uuid }, 'job given back');
        throw new WaitingError();
      }
      if (error === STOPPED) {
        log.info({ job_uuid: uuid }, 'job ended early: its hunt was stopped');
        // Nobody waits for it; when the hunt goes on, the job is added again.
        bull.opts.removeOnFail = true;
        throw new UnrecoverableError(STOPPED.message);
      }
      if (isNoRoom(error)) {
        this.#rest(messageOf(error));
        await bull.moveToWait(token);
        log.info({ job_uuid: uuid }, 'job given back');
        throw new WaitingError();
      }
      log.warn({ job_uuid: uuid, err: messageOf(error) }, 'job failed on this host');
      throw error;
    } finally {
      this.#active.delete(uuid);
      await Promise.all([rm(fieldFile, { force: true }), rm(path.join(this.#scratch, PROVENANCE_FOLDER, provenanceName(uuid)), { force: true })]);
    }
  }

  #read(data: unknown): QueueTask {
    try {
      return readTask(data, this.#contract);
    } catch (error) {
      this.#options.log.warn({ err: messageOf(error) }, 'a job was refused');
      // Not one attempt of many: it will not become a better one.
      throw new this.#errors.UnrecoverableError(messageOf(error));
    }
  }

  /** A host without room would take one job after the other and bring none to its end: the others take them. */
  #rest(why: string): void {
    if (this.#resting !== null || this.#isClosing) return;
    this.#options.log.warn({ err: why }, `there is no room for a field on this host: it takes no jobs for ${NO_ROOM_MS / 1000} s`);
    void this.#worker.pause(true).catch(() => {});
    this.#resting = this.#options.clock.after(NO_ROOM_MS, () => {
      this.#resting = null;
      if (!this.#isClosing) void Promise.resolve(this.#worker.resume()).catch(() => {});
    });
  }

  /** Before the job is done: a result says that its field is there. A Redis without room is waited for. */
  async #sendField({ job_uuid, artifacts }: Provenance, file: string, signal: AbortSignal): Promise<void> {
    if (artifacts.field === null) return;
    const bytes = await readWhole(nodeDisk, file);
    if (bytes.length > MOST_FIELD_BYTES) throw new this.#errors.UnrecoverableError(`its field has ${bytes.length} bytes; the queue carries ${MOST_FIELD_BYTES}`);
    for (;;) {
      try {
        signal.throwIfAborted();
        await this.#redis.set(this.#names.field(job_uuid, artifacts.field.sha256), bytes, 'EX', RESULT_TTL_SECS);
        return signal.throwIfAborted();
      } catch (error) {
        if (signal.aborted || !/^OOM/.test(messageOf(error))) throw error;
        this.#warnOnce('oom', { err: troubleOf(error, this.#options.config) }, 'a field cannot be sent yet');
        await new Promise<void>((resolve) => this.#options.clock.after(RETRY_MS, resolve));
      }
    }
  }

  /** Says that it is there, and ends jobs that nobody wants any more. */
  async #look(): Promise<void> {
    if (this.#isLooking || this.#redis.status !== 'ready') return;
    this.#isLooking = true;
    try {
      for (const { role, host, contract, id } of await beat(this.#redis, this.#names.presence, this.#self)) {
        if (role === 'hunt' && contract !== this.#contract) this.#warnOnce(id, { host, theirs: contract, ours: this.#contract }, 'a hunt of another version is there, whose jobs this host does not take: install the same version');
      }
      const uuids = this.running;
      if (uuids.length === 0) return;
      const stops = await this.#redis.mget(uuids.map((uuid) => this.#names.cancel(uuid)));
      uuids.forEach((uuid, i) => stops[i] !== null && this.#active.get(uuid)?.abort(STOPPED));
    } catch {
      // The connection says so itself, and comes back.
    } finally {
      this.#isLooking = false;
    }
  }

  #warnOnce(what: string, fields: object, message: string): void {
    if (this.#warned.has(what)) return;
    if (this.#warned.size >= 1000) this.#warned.clear();
    this.#warned.add(what);
    this.#options.log.warn(fields, message);
  }

  #watch(): void {
    const { log, config } = this.#options;
    this.#worker.on('lockRenewalFailed', (uuids: string[]) => {
      for (const uuid of uuids) this.#active.get(uuid)?.abort(new Error('the lease was lost: another host has the job'));
    });
    // While Redis is away, that is said below, and all that follows from it is not.
    this.#worker.on('error', (error) => {
      if (this.#redis.status === 'ready' && !this.#isClosing) this.#warnOnce(messageOf(error), { err: messageOf(error) }, 'the queue complains');
    });
    this.#redis.on('error', (error) => {
      if (this.#hasSaidAway || this.#isClosing) return;
      this.#hasSaidAway = true;
      log.warn({ why: troubleOf(error, config) }, 'the queue is away; jobs are taken again once it is back');
    });
    this.#redis.on('close', () => {
      if (!this.#isAway && !this.#hasSaidAway && !this.#isClosing) {
        this.#hasSaidAway = true;
        log.warn({ redis: redisAddress(config) }, 'the connection to the queue was lost; jobs are taken again once it is back');
      }
      this.#isAway = true;
    });
    this.#redis.on('ready', () => {
      this.#isAway = false;
      this.#hasSaidAway = false;
      log.info({ redis: redisAddress(config), queue: config.queue, concurrency: this.#options.concurrency }, 'taking jobs');
      void this.#look();
    });
  }
}

/** Steps of the simulation to whoever waits for the job; one word at a time, and none is waited for. */
function progressTo(bull: Job<QueueTask, Provenance>): (progress: StepProgress) => void {
  let isTelling = false;
  return ({ steps, totalSteps }) => {
    if (isTelling) return;
    isTelling = true;
    bull.updateProgress({ steps, totalSteps }).catch(() => {}).finally(() => (isTelling = false));
  };
}
