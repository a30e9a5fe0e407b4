/** The queue on a real redis-server, with workers in this process. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../protocol/common/clock.ts';
import type { Log } from '../../../protocol/common/log.ts';
import { nodeDisk } from '../../ledger/disk/node-disk.ts';
import { readField, writeField } from '../artifact.ts';
import { counting, SETTINGS, SIMULATED, validationOf } from '../hunt.fixture.ts';
import { Hunt } from '../hunt.ts';
import type { HuntJob } from '../job.ts';
import { readProvenance, type Provenance } from '../provenance.ts';
import type { JobPlace } from '../runner.ts';
import type { HuntSteps } from '../steps.ts';

import { QueueRunner } from './queue-runner.ts';
import { hasRedis, RedisServer } from './redis.fixture.ts';
import { HuntWorker, type HuntWorkerOptions } from './worker.ts';
import { readFile } from 'node:fs/promises';

const HUNT_ID = '00000000-0000-4000-8000-00000000ffff';

/** Keeps what was said. */
function recorder(): Log & { readonly said: string[] } {
  const said: string[] = [];
  const say = (fields: object, message = ''): void => void said.push(`${message} ${JSON.stringify(fields)}`);
  const log = { said, trace: () => {}, debug: () => {}, info: say, warn: say, error: say, child: () => log };
  return log;
}

/** Steps with a real field file, that wait until they are let go. */
function heldSteps(isHeld = true): HuntSteps & { readonly begun: string[]; readonly aborted: string[]; go(): void } {
  const begun: string[] = [];
  const aborted: string[] = [];
  let waiting: (() => void)[] = [];
  return {
    begun,
    aborted,
    go: () => {
      isHeld = false;
      for (const one of waiting) one();
      waiting = [];
    },
    async simulate({ job, fieldFile }, { signal, onProgress }) {
      begun.push(job.job_uuid);
      onProgress?.({ steps: 5, totalSteps: 20 });
      if (isHeld) await new Promise<void>((resolve, reject) => {
        waiting.push(resolve);
        signal?.addEventListener('abort', () => (aborted.push(job.job_uuid), reject(signal.reason as Error)));
      });
      const values = Float64Array.from({ length: 256 }, (_, i) => i + job.global_seed);
      return { ...SIMULATED, fieldSha256: await writeField(nodeDisk, fieldFile, { job_uuid: job.job_uuid, n: 16, dim: 2, state: { psi: { re: values, im: values }, omegaSquared: values, densityRatio: values } }) };
    },
    validate: ({ job }) => Promise.resolve(validationOf(job)),
  };
}

describe.skipIf(!hasRedis)('the queue (needs redis-server)', () => {
  let server: RedisServer;
  let redis: Redis;
  let folder = '';
  const closing: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new Redis(server.port);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.close();
  });
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'rb-queue-'));
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await redis.flushall();
    rmSync(folder, { recursive: true, force: true });
  });

  const access = { password: null, clock: systemClock };
  const config = () => ({ url: server.url, queue: 'test', lease_seconds: 2, attempts: 2 });

  async function runnerOf(log: Log = recorder()): Promise<QueueRunner> {
    const runner = await QueueRunner.open({ ...access, config: config(), disk: nodeDisk, log, simulateDeadlineMs: 60_000, validateDeadlineMs: 60_000 });
    closing.push(() => runner.close());
    return runner;
  }

  async function workerOf(steps: HuntSteps, over: Partial<HuntWorkerOptions> = {}): Promise<HuntWorker> {
    const worker = await HuntWorker.start({ ...access, config: config(), log: recorder(), steps, concurrency: 2, scratch: folder, ...over });
    closing.push(() => worker.close());
    return worker;
  }

  async function jobs(count: number): Promise<HuntJob[]> {
    const hunt = await Hunt.open({ folder: path.join(folder, 'hunt'), runner: { run: () => Promise.reject(new Error('none')), waiting: () => null, close: () => Promise.resolve() }, settings: { ...SETTINGS, population_size: count }, newUuid: counting() });
    const made = await hunt.hunter.registerNewJobs(hunt.hunter.getNextGeneration());
    await hunt.close();
    return made;
  }

  const placeOf = (over: Partial<JobPlace> = {}): JobPlace => ({ huntId: HUNT_ID, folder: path.join(folder, 'hunt'), surrogates: 3, signal: new AbortController().signal, ...over });
  const onDisk = async ({ job_uuid }: HuntJob): Promise<Provenance> => readProvenance(await readFile(path.join(folder, 'hunt', 'provenance', `provenance_${job_uuid}.json`), 'utf8'))!;

  test('brings provenance, field and progress to the coordinator, and leaves nothing in Redis', async () => {
    const [job] = await jobs(1);
    const steps = heldSteps();
    await workerOf(steps);
    const runner = await runnerOf();
    const progress: number[] = [];
    const done = runner.run(job!, placeOf({ onProgress: (p) => progress.push(p.steps) }));
    await vi.waitFor(() => expect(progress).toEqual([5]));
    steps.go();
    const provenance = await done;
    expect(provenance).toMatchObject({ job_uuid: job!.job_uuid, hunt_id: HUNT_ID, status: 'ok', sentinel_code: 0, artifacts: { field: { path: `fields/field_${job!.job_uuid}.bin` } } });
    expect(await onDisk(job!)).toEqual(provenance);
    const { path: file, sha256 } = provenance.artifacts.field!;
    expect((await readField(nodeDisk, path.join(folder, 'hunt', file), sha256)).state.psi.re[1]).toBe(1 + job!.global_seed);
    await vi.waitFor(async () => expect((await redis.keys('*')).filter((key) => key.includes(job!.job_uuid))).toEqual([]));
  });

  test('a stop ends jobs on the workers and takes back those that wait; going on runs them again', async () => {
    const made = await jobs(3);
    const steps = heldSteps();
    await workerOf(steps);
    const runner = await runnerOf();
    const stop = new AbortController();
    const runs = made.map((job) => runner.run(job, placeOf({ signal: stop.signal })));
    const ends = Promise.allSettled(runs);
    await vi.waitFor(() => expect(steps.begun).toHaveLength(2));
    stop.abort(new Error('enough'));
    expect((await ends).map((end) => (end as PromiseRejectedResult).reason.message)).toEqual(['enough', 'enough', 'enough']);
    await vi.waitFor(() => expect(steps.aborted.toSorted()).toEqual(steps.begun.toSorted()));
    await vi.waitFor(async () => expect(await redis.keys(`*${made[0]!.job_uuid.slice(0, 24)}*`)).toEqual(expect.not.arrayContaining([expect.stringMatching(/^(?!.*cancel)/)])));
    steps.go();
    const again = await Promise.all(made.map((job) => runner.run(job, placeOf())));
    expect(again.map(({ job_uuid, status }) => [job_uuid, status])).toEqual(made.map(({ job_uuid }) => [job_uuid, 'ok']));
  });

  test('a result that waits for a coordinator that is gone is taken over by the next, not made again', async () => {
    const [job] = await jobs(1);
    const steps = heldSteps(false);
    await workerOf(steps);
    const lost = await runnerOf();
    const full = { ...nodeDisk, open: () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' })) };
    const first = await QueueRunner.open({ ...access, config: config(), disk: full, log: recorder(), simulateDeadlineMs: 60_000, validateDeadlineMs: 60_000 });
    closing.push(() => first.close());
    await expect(first.run(job!, placeOf())).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(steps.begun).toHaveLength(1);
    expect((await lost.run(job!, placeOf())).status).toBe('ok');
    expect(steps.begun).toHaveLength(1);
  });

  test('a worker that is closed gives its job back at once; the next one has it, however long the lease', async () => {
    const [job] = await jobs(1);
    const [first, second] = [heldSteps(), heldSteps(false)];
    const long = { ...config(), lease_seconds: 600, attempts: 1 };
    const worker = await workerOf(first, { config: long });
    const runner = await runnerOf();
    const done = runner.run(job!, placeOf());
    await vi.waitFor(() => expect(first.begun).toHaveLength(1));
    await worker.close();
    expect(first.aborted).toHaveLength(1);
    await workerOf(second, { config: long });
    expect((await done).status).toBe('ok');
    expect(second.begun).toEqual([job!.job_uuid]);
  });

  test('a worker whose disk is full is not the end of a job: it is begun again, and a failure with its reason when that was often enough', async () => {
    const made = await jobs(2);
    let left = 1;
    const steps = heldSteps(false);
    await workerOf({ ...steps, simulate: (task, how) => (task.job === null ? Promise.reject(new Error()) : steps.simulate(task, how)) }, { scratch: folder });
    await (await workerOf(steps)).close();
    const runner = await runnerOf();
    // What a step says is a result; what keeps a host from writing one down is not.
    const broken: HuntSteps = { ...steps, simulate: async (task, how) => {
      const simulated = await steps.simulate(task, how);
      if (left-- > 0) rmSync(path.dirname(task.fieldFile), { recursive: true });
      return simulated;
    } };
    for (const close of closing.splice(0, 1)) await close();
    await workerOf(broken, { concurrency: 1 });
    expect((await runner.run(made[0]!, placeOf())).status).toBe('ok');
    left = 99;
    const failed = await runner.run(made[1]!, placeOf());
    expect(failed).toMatchObject({ status: 'failed', sentinel_code: 1000, validation_status: 'not_run', metrics: { log_prime_sse: null } });
    expect(failed.error).toMatch(/no host could run the job: .*ENOENT/);
    expect(await onDisk(made[1]!)).toEqual(failed);
  });
});
