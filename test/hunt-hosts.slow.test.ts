/** A hunt through a real redis-server, its jobs run by worker processes; every part of it is killed with -9 in the middle of work. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readProvenance } from '../daemon/hunt/provenance.ts';
import { huntContract, queueNames } from '../daemon/hunt/queue/contract.ts';
import { hasRedis, RedisServer } from '../daemon/hunt/queue/redis.fixture.ts';
import { packageRoot } from '../daemon/version.ts';

const POPULATION = 3;
/** Long enough to be killed in, short enough to wait for. */
const STEPS = 2_000;
const LEASE_SECS = 2;

/** A process whose lines are kept, in order. */
class Talker {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  #text = '';

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    this.child.stdout!.on('data', (bytes: Buffer) => (this.#text += bytes.toString()));
    this.child.stderr!.on('data', (bytes: Buffer) => (this.#text += bytes.toString()));
    this.ended = once(this.child, 'close');
  }

  get text(): string {
    return this.#text;
  }

  /** First groups of all matches. */
  all(pattern: RegExp): string[] {
    return [...this.#text.matchAll(pattern)].map((match) => match[1]!);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.child.kill(signal);
    await this.ended;
  }
}

const BEGUN = /"job_uuid":"([^"]+)","attempt":\d+,"msg":"job begun"/g;
const ENDED = /"job_uuid":"([^"]+)","sentinel_code":\d+,"msg":"job ended"/g;
const TOLD = /^ended (\S+)$/gm;

describe.skipIf(!hasRedis)('a hunt on two hosts (needs redis-server)', () => {
  let server: RedisServer;
  let folder = '';
  let started: Talker[] = [];
  beforeEach(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'rb-hosts-'));
    writeFileSync(path.join(folder, 'rig.yaml'), '{}\n');
    server = await RedisServer.start();
  });
  afterEach(async () => {
    await Promise.all(started.map((one) => one.kill()));
    started = [];
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const keep = (talker: Talker): Talker => (started.push(talker), talker);
  const worker = (): Talker => keep(new Talker([path.join(packageRoot(), 'dist', 'daemon', 'cli', 'bin.js'), 'hunt', 'worker', '--config', path.join(folder, 'rig.yaml'), '--redis', server.url, '--concurrency', '1'], { RIGBRAIN_HUNT__REDIS__LEASE_SECONDS: String(LEASE_SECS), RIGBRAIN_HUNT__NICE: '0', TMPDIR: folder }));
  const config = (): string => JSON.stringify({ engine: 'bullmq', redis: { url: server.url, lease_seconds: LEASE_SECS, attempts: 20 } });
  /** @param generations more; 0 = on to the target of before */
  const coordinator = (generations: number): Talker => keep(new Talker([path.join(packageRoot(), 'test', 'hunt-runner.mjs'), path.join(folder, 'hunt'), String(generations), String(POPULATION), config(), String(STEPS)]));
  /** Kills a worker that has a job; one that was quicker than the kill is no proof, and the next one is tried. @returns the job it had */
  async function killAtWork(first: Talker): Promise<string> {
    for (let victim = first; ; victim = worker()) {
      const before = victim.all(BEGUN).length;
      await vi.waitFor(() => expect(victim.all(BEGUN).length).toBeGreaterThan(before));
      await victim.kill();
      const had = victim.all(BEGUN).at(-1)!;
      if (!victim.all(ENDED).includes(had)) return had;
    }
  }

  /** Every job has one provenance, one row and one result; those that anybody was told of are among them. */
  function isWhole(generations: number, told: readonly string[]): void {
    const [head, ...lines] = readFileSync(path.join(folder, 'hunt', 'simulation_ledger.csv'), 'utf8').trimEnd().split('\n').map((line) => line.split(','));
    const column = (name: string): string[] => lines.map((cells) => cells[head!.indexOf(name)]!);
    expect(column('origin').filter((origin) => origin !== 'reevaluation')).toHaveLength(generations * POPULATION);
    expect(column('status')).not.toContain('pending');
    expect(column('sentinel_code')).not.toContain('1000');
    const uuids = column('job_uuid').toSorted();
    const files = readdirSync(path.join(folder, 'hunt', 'provenance')).filter((name) => !name.startsWith('.'));
    expect(files.toSorted()).toEqual(uuids.map((uuid) => `provenance_${uuid}.json`));
    for (const file of files) {
      const { artifacts } = readProvenance(readFileSync(path.join(folder, 'hunt', 'provenance', file), 'utf8'))!;
      expect(readdirSync(path.join(folder, 'hunt', 'fields'))).toContain(path.basename(artifacts.field!.path));
    }
    const results = [...readFileSync(path.join(folder, 'hunt', 'journal.jsonl'), 'utf8').matchAll(/"type":"result","job_uuid":"([^"]+)"/g)].map((match) => match[1]!);
    expect(results.toSorted()).toEqual(uuids);
    // Nobody was told of a job twice, in all lives together.
    expect(told.toSorted()).toEqual([...new Set(told)].toSorted());
    for (const uuid of told) expect(uuids).toContain(uuid);
  }

  test('a worker and the coordinator are killed: nothing is lost, and nothing has two results', async () => {
    const [first, second] = [worker(), worker()];
    const hunt = coordinator(2);
    const orphan = await killAtWork(first);
    await vi.waitFor(() => expect(second.all(ENDED)).toContain(orphan));

    await vi.waitFor(() => expect(hunt.all(TOLD).length).toBeGreaterThan(0));
    await hunt.kill();
    // What is in the queue comes to its end with nobody there.
    const redis = new Redis(server.port);
    const { prefix, queue } = queueNames('rigbrain-hunt', huntContract());
    const count = async (...lists: string[]): Promise<number> => (await Promise.all(lists.map((list) => redis.llen(`${prefix}:${queue}:${list}`)))).reduce((sum, length) => sum + length, 0);
    await vi.waitFor(async () => expect(await count('wait', 'active')).toBe(0));
    const waiting = await redis.zrange(`${prefix}:${queue}:completed`, '0', '-1');
    redis.disconnect();
    const begunBefore = second.all(BEGUN).length;

    const again = coordinator(0);
    await again.ended;
    expect(again.child.exitCode, again.text).toBe(0);
    // What had a result already was taken over.
    for (const uuid of [...waiting, ...hunt.all(TOLD)]) expect(second.all(BEGUN).slice(begunBefore)).not.toContain(uuid);
    isWhole(2, [...hunt.all(TOLD), ...again.all(TOLD)]);
    // A clean stop is quick and quiet.
    await second.kill('SIGTERM');
    expect(second.child.exitCode).toBe(0);
  }, 120_000);

  test('redis-server is killed, with and without its data: the hunt goes on', async () => {
    const hosts = [worker(), worker()];
    const hunt = coordinator(2);
    const begun = (): number => hosts.flatMap((host) => host.all(BEGUN)).length;
    for (const wipe of [false, true]) {
      const [before, told] = [begun(), hunt.all(TOLD).length];
      await vi.waitFor(() => expect(begun()).toBeGreaterThan(before));
      await server.kill({ wipe });
      for (const host of hosts) await vi.waitFor(() => expect(host.text).toMatch(/connection to the queue was lost|the queue is away/));
      await server.up();
      await vi.waitFor(() => expect(hunt.all(TOLD).length).toBeGreaterThan(told));
    }
    await hunt.ended;
    expect(hunt.child.exitCode, hunt.text).toBe(0);
    isWhole(2, hunt.all(TOLD));
  }, 120_000);
});
