/** The queue on a real redis-server, with workers in this process. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../protocol/common/clock.ts';
import type { Log } from '../../../protocol/common/log.ts';
import { nodeDisk } from '../../ledger/disk/node-disk.ts';
import { selfSigned } from '../../mining/certificate.fixture.ts';
import { readField, writeField } from '../artifact.ts';
import { counting, SETTINGS, SIMULATED, validationOf } from '../hunt.fixture.ts';
import { Hunt } from '../hunt.ts';
import type { HuntJob } from '../job.ts';
import { readProvenance, type Provenance } from '../provenance.ts';
import type { JobPlace } from '../runner.ts';
import { failedProvenance } from '../run-job.ts';
import type { HuntSteps } from '../steps.ts';
import { huntContract, queueNames, type QueueTask } from './contract.ts';

import { QueueRunner } from './queue-runner.ts';
import { hasRedis, RedisServer } from './redis.fixture.ts';
import { HuntWorker, type HuntWorkerOptions } from './worker.ts';

const HUNT_ID = '00000000-0000-4000-8000-00000000ffff';

const names = queueNames('test', huntContract());

/** Keeps what was said. */
function recorder(): Log & { readonly said: string[] } {
  const said: string[] = [];
  const say = (fields: object, message = ''): void => void said.push(`${message} ${JSON.stringify(fields)}`);
  const log = { said, trace: () => {}, debug: () => {}, info: say, warn: say, error: say, child: () => log };
  return log;
}

/** What was said, without its fields and what stands behind a colon. */
const wordsOf = ({ said }: { readonly said: readonly string[] }): string[] => said.map((line) => line.replace(/(: | \{).*$/, ''));

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
    // As a hunt does: what is to be taken back is taken back by then.
    await runner.close();
    await vi.waitFor(() => expect(steps.aborted.toSorted()).toEqual(steps.begun.toSorted()));
    await vi.waitFor(async () => expect(await redis.exists(made.map(({ job_uuid }) => `${names.prefix}:${names.queue}:${job_uuid}`))).toBe(0));
    steps.go();
    const next = await runnerOf();
    const again = await Promise.all(made.map((job) => next.run(job, placeOf())));
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

  test('a host without room for a field gives its jobs back and takes no more for a while; no attempt is lost by it', async () => {
    const made = await jobs(3);
    const once = { ...config(), attempts: 1 };
    const asked: string[] = [];
    const log = recorder();
    await workerOf({ ...heldSteps(), simulate: ({ job }) => (asked.push(job.job_uuid), Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }))) }, { config: once, concurrency: 1, log });
    const runner = await QueueRunner.open({ ...access, config: once, disk: nodeDisk, log: recorder(), simulateDeadlineMs: 60_000, validateDeadlineMs: 60_000 });
    closing.push(() => runner.close());
    const results = Promise.all(made.map((job) => runner.run(job, placeOf())));
    await vi.waitFor(() => expect(log.said.join()).toContain('job given back'));
    const healthy = heldSteps(false);
    await workerOf(healthy, { config: once });
    expect((await results).map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
    expect(healthy.begun).toHaveLength(3);
    expect(asked).toHaveLength(1);
    expect(log.said.join()).toContain('no room for a field on this host');
  });

  test('a host that cannot write down a result is not the end of a job; when that was often enough, it failed, with its reason', async () => {
    const made = await jobs(2);
    let broken = 1;
    const steps = heldSteps(false);
    await workerOf({ ...steps, simulate: async (task, how) => {
      const simulated = await steps.simulate(task, how);
      if (broken-- > 0) rmSync(path.dirname(task.fieldFile), { recursive: true });
      return simulated;
    } }, { concurrency: 1 });
    const runner = await runnerOf();
    expect((await runner.run(made[0]!, placeOf())).status).toBe('ok');
    expect(steps.begun).toHaveLength(2);
    broken = 99;
    const failed = await runner.run(made[1]!, placeOf());
    expect(failed).toMatchObject({ status: 'failed', sentinel_code: 1000, validation_status: 'not_run', metrics: { log_prime_sse: null } });
    expect(failed.error).toMatch(/no host could run the job: .*ENOENT/);
    expect(steps.begun).toHaveLength(4);
    expect(await onDisk(made[1]!)).toEqual(failed);
  });

  test('a worker of another version takes nothing, and both sides say why; nobody waits in silence', async () => {
    const [job] = await jobs(1);
    const [steps, theirs] = [heldSteps(false), recorder()];
    const log = recorder();
    // 10 s of patience are over at once.
    const runner = await QueueRunner.open({ ...access, clock: { ...systemClock, monotonic: () => 100 * systemClock.monotonic() }, config: config(), disk: nodeDisk, log, simulateDeadlineMs: 60_000, validateDeadlineMs: 60_000 });
    closing.push(() => runner.close());
    expect(runner.waiting()).toBeNull();
    const done = runner.run(job!, placeOf());
    await vi.waitFor(() => expect(runner.waiting()).toMatch(/no host takes jobs from queue test.*start `rigbrain hunt worker`/));
    const other = await workerOf(steps, { contract: '9.9.9/other', log: theirs });
    await vi.waitFor(() => expect(runner.waiting()).toMatch(/of this version .*\(version 9\.9\.9\) must have the same/));
    await vi.waitFor(() => expect(theirs.said.filter((line) => line.includes('a hunt of another version'))).toHaveLength(1));
    expect(steps.begun).toEqual([]);
    await other.close();
    await workerOf(steps);
    expect((await done).status).toBe('ok');
    expect(runner.waiting()).toBeNull();
    await vi.waitFor(() => expect(wordsOf(log)).toEqual(['the jobs of the hunt wait', 'the jobs of the hunt go on']));
  });

  describe('a result is not believed because it came', () => {
    /** A host that answers every job with what `answer` says. */
    async function liar(answer: (task: QueueTask) => Promise<unknown> | unknown): Promise<{ readonly asked: string[] }> {
      const asked: string[] = [];
      const { prefix, queue } = names;
      const connection = new Redis(server.port, { maxRetriesPerRequest: null });
      const worker = new Worker<QueueTask>(queue, async (job) => (asked.push(job.id!), await answer(job.data)), { connection, prefix });
      closing.push(async () => (await worker.close(true), connection.disconnect()));
      return { asked };
    }
    const good = ({ job, hunt_id }: QueueTask): Provenance => ({ ...failedProvenance(job, { clock: systemClock, huntId: hunt_id, provenanceFolder: '/x/provenance' }, { code: 1000, why: 'made up' }) });

    const cases: readonly (readonly [string, (task: QueueTask) => Promise<unknown> | unknown, RegExp])[] = [
      ['no provenance', () => ({ hello: 'world' }), /the result cannot be used/],
      ['of another job', (task) => ({ ...good(task), job_uuid: HUNT_ID }), /it is of another job/],
      ['of another configuration', (task) => ({ ...good(task), config_hash: 'b'.repeat(64) }), /it is of another job/],
      ['of another version', (task) => ({ ...good(task), solver_contract: { version: '9.9.9', backend: null } }), /made by version 9\.9\.9/],
      ['very large', (task) => ({ ...good(task), topology: { x: 'x'.repeat(300_000) } }), /too large/],
      ['of a field that is not there', (task) => ({ ...good(task), artifacts: { field: { path: 'fields/x', sha256: 'c'.repeat(64) } } }), /the field is not in Redis/],
      ['of a field that was changed', async (task) => {
        await redis.set(names.field(task.job.job_uuid, 'd'.repeat(64)), 'something');
        return { ...good(task), artifacts: { field: { path: '../../etc/passwd', sha256: 'd'.repeat(64) } } };
      }, /its SHA-256 differs/],
    ];

    test('the job is begun again, then it failed, with the reason', async () => {
      const made = await jobs(cases.length);
      const { asked } = await liar((task) => cases[made.findIndex(({ job_uuid }) => job_uuid === task.job.job_uuid)]![1](task));
      const runner = await runnerOf();
      const results = await Promise.all(made.map((job) => runner.run(job, placeOf())));
      cases.forEach(([what, , why], i) => {
        expect(results[i], what).toMatchObject({ job_uuid: made[i]!.job_uuid, status: 'failed', sentinel_code: 1000, artifacts: { field: null } });
        expect(results[i]!.error, what).toMatch(why);
        expect(asked.filter((uuid) => uuid === made[i]!.job_uuid), what).toHaveLength(2);
      });
      expect(readdirSync(path.join(folder, 'hunt'))).not.toContain('fields');
    });

    test("what the hunt knows itself is the hunt's, whatever the answer says", async () => {
      const [job] = await jobs(1);
      await liar((task) => ({ ...good(task), generation: 77, parent_1: HUNT_ID, global_seed: 1, hunt_id: job!.job_uuid, sdg_params: { ...job!.sdg_params, sdg_alpha: 0 } }));
      expect(await (await runnerOf()).run(job!, placeOf())).toMatchObject({ generation: 0, parent_1: null, global_seed: job!.global_seed, hunt_id: HUNT_ID, sdg_params: job!.sdg_params, error: 'made up' });
    });
  });

  test('a Redis that is not there yet is waited for, and that is said once', async () => {
    const late = await RedisServer.reserve();
    closing.push(() => late.close());
    const [job] = await jobs(1);
    const [log, theirs] = [recorder(), recorder()];
    const elsewhere = { ...config(), url: late.url };
    const steps = heldSteps();
    await workerOf(steps, { config: elsewhere, log: theirs });
    const runner = await QueueRunner.open({ ...access, config: elsewhere, disk: nodeDisk, log, simulateDeadlineMs: 60_000, validateDeadlineMs: 60_000 });
    closing.push(() => runner.close());
    const done = runner.run(job!, placeOf());
    await vi.waitFor(() => expect(runner.waiting()).toMatch(/Redis at 127\.0\.0\.1:\d+ does not answer \(.*ECONNREFUSED/));
    await late.up();
    await vi.waitFor(() => expect(steps.begun).toHaveLength(1));
    steps.go();
    expect((await done).status).toBe('ok');
    expect(wordsOf(log)).toEqual(['the jobs of the hunt wait', 'the jobs of the hunt go on']);
    expect(wordsOf(theirs)).toEqual(['the queue is away; jobs are taken again once it is back', 'taking jobs', 'job begun', 'job ended']);
  });

  test('wrong credentials are waited out and said, without the credentials; right ones work', async () => {
    const guarded = await RedisServer.start(() => ['--requirepass', 'hunter2secret']);
    closing.push(() => guarded.close());
    const [job] = await jobs(1);
    const log = recorder();
    const open = async (password: string | null): Promise<QueueRunner> => {
      const runner = await QueueRunner.open({ ...access, password, config: { ...config(), url: guarded.url }, disk: nodeDisk, log, simulateDeadlineMs: 60_000, validateDeadlineMs: 60_000 });
      closing.push(() => runner.close());
      return runner;
    };
    for (const password of ['wrong-password', null]) {
      const stop = new AbortController();
      const runner = await open(password);
      const done = runner.run(job!, placeOf({ signal: stop.signal }));
      await vi.waitFor(() => expect(runner.waiting()).toMatch(/refuses the credentials/));
      stop.abort(new Error('enough'));
      await expect(done).rejects.toThrow('enough');
    }
    const steps = heldSteps(false);
    await workerOf(steps, { password: 'hunter2secret', config: { ...config(), url: guarded.url }, log });
    expect((await (await open('hunter2secret')).run(job!, placeOf())).status).toBe('ok');
    expect(log.said.join('\n')).not.toMatch(/hunter2secret|wrong-password/);
  });

  test('over TLS: an authority of its own is trusted when it is named, and not otherwise', async ({ skip }) => {
    const certificate = selfSigned(folder);
    if (certificate === null) return skip('needs openssl');
    const guarded = await RedisServer.start((port) => ['--port', '0', '--tls-port', String(port), '--tls-cert-file', certificate.certFile, '--tls-key-file', path.join(folder, 'key.pem'), '--tls-ca-cert-file', certificate.certFile, '--tls-auth-clients', 'no']);
    closing.push(() => guarded.close());
    const [job] = await jobs(1);
    const own = { ...config(), url: `rediss://localhost:${guarded.port}` };
    const open = async (over: object): Promise<QueueRunner> => {
      const runner = await QueueRunner.open({ ...access, config: { ...own, ...over }, disk: nodeDisk, log: recorder(), simulateDeadlineMs: 60_000, validateDeadlineMs: 60_000 });
      closing.push(() => runner.close());
      return runner;
    };
    const stop = new AbortController();
    const stranger = await open({});
    const refused = stranger.run(job!, placeOf({ signal: stop.signal }));
    await vi.waitFor(() => expect(stranger.waiting()).toMatch(/self-signed certificate/));
    stop.abort(new Error('enough'));
    await expect(refused).rejects.toThrow('enough');
    await workerOf(heldSteps(false), { config: { ...own, ca: certificate.certFile } });
    expect((await (await open({ ca: certificate.certFile })).run(job!, placeOf())).status).toBe('ok');
    await expect(open({ ca: path.join(folder, 'none.pem') })).rejects.toMatchObject({ code: 'E_HUNT_QUEUE', message: expect.stringContaining('none.pem') as string });
  });
});
