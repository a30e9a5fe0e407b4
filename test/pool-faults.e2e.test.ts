/**
 * Whatever a pool does, mining goes on and every share is accounted for: real engine, real Stratum source, real sockets,
 * and pools whose judgement shares no code with the miner's.
 */
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { TemplateManager } from '../daemon/dtm/template-manager.ts';
import { DEFAULT_CHOICE } from '../daemon/mining/choice/pool-choice.ts';
import { MiningEngine } from '../daemon/mining/engine.ts';
import type { SourceStatus, Verdict } from '../daemon/mining/job.ts';
import { StratumV1Source } from '../daemon/mining/stratum-v1-source.ts';
import { systemClock } from '../protocol/common/clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import type { Deadlines } from '../protocol/stratum-v1/limits.ts';
import { noFaults, type PoolFaults } from '../sim/pool/faults.ts';
import type { PoolOptions } from '../sim/pool/options.ts';
import { startSimPool, type SimPool } from '../sim/pool/pool.ts';
import { PacedDevice } from './paced-device.ts';

/** 256 hashes a share. */
const EASY = 2 ** -24;
const SHORT = { subscribeMs: 300, authorizeMs: 300, firstJobMs: 600, silenceMs: 400, silenceWarnMs: 200, submitMs: 300 };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface TestPool {
  readonly sim: SimPool;
  /** Every worker and password that was offered, in order. */
  readonly logins: string[];
  /** Connection number of every share that came in. */
  readonly shareConnections: number[];
}

async function startPool(options: PoolOptions = {}): Promise<TestPool> {
  const logins: string[] = [];
  const shareConnections: number[] = [];
  const authorize = (worker: string, password: string): boolean => logins.push(`${worker}:${password}`) > 0;
  const sim = await startSimPool({ difficulty: EASY, vardiff: null, authorize, ...options });
  sim.events.on('share', ({ connection }) => shareConnections.push(connection));
  cleanups.push(() => sim.close());
  return { sim, logins, shareConnections };
}

interface Rig {
  readonly engine: MiningEngine;
  readonly sources: readonly StratumV1Source[];
  readonly verdicts: Verdict[];
  /** Waits for an accepted share that is found after this call. */
  accepted(): Promise<void>;
  /** Waits until this source is the one mined for. */
  active(id: string): Promise<void>;
  /** Waits until the source is in this status. */
  reaches(index: number, status: SourceStatus): Promise<void>;
  stop(): Promise<void>;
}

async function startRig(pools: readonly TestPool[], { devices = [new PacedDevice('dev1')], deadlines = {} }: { devices?: PacedDevice[]; deadlines?: Partial<Deadlines> } = {}): Promise<Rig> {
  const sources = pools.map(
    ({ sim }, i) =>
      new StratumV1Source(
        { id: `pool${i}`, url: sim.url, user: `account${i}.rig`, password: `secret${i}`, tls: null, versionMask: 0x1fffe000, suggestDifficulty: null, subscribeExtranonce: true, userAgent: 'rigbrain/test', deadlines },
        { clock: systemClock, log: silentLog, random: () => 0 },
      ),
  );
  const engine = new MiningEngine({ sources, devices, templates: new TemplateManager({ clock: systemClock, localZeros: 64 }), withhold: () => null, choice: { ...DEFAULT_CHOICE, returnMs: 500 }, clock: systemClock, log: silentLog });
  const verdicts: Verdict[] = [];
  engine.events.on('verdict', (_, verdict) => verdicts.push(verdict));
  const stop = (): Promise<void> => engine.stop();
  cleanups.push(stop);
  await engine.start(new AbortController().signal);
  return {
    engine,
    sources,
    verdicts,
    stop,
    async accepted() {
      const before = engine.account.snapshot().accepted;
      while (engine.account.snapshot().accepted === before) await once(engine.events, 'verdict');
    },
    async active(id) {
      while (engine.activeSource !== id) await once(engine.events, 'active');
    },
    async reaches(index, status) {
      const source = sources[index]!;
      while (source.state().status !== status) await once(source.events, 'change');
    },
  };
}

/** The books of both sides: every share has one verdict, and what the pool took is what we call accepted or unknown. */
function expectBooksToAgree({ engine, verdicts }: Rig, pools: readonly TestPool[]): void {
  const { accepted, rejected, stale, unknown, withheld, duplicates, hardware_errors } = engine.account.snapshot();
  const poolAccepted = pools.reduce((sum, { sim }) => sum + sim.stats().accepted, 0);
  expect(accepted + rejected + stale + unknown + withheld).toBe(verdicts.length);
  expect(poolAccepted).toBeGreaterThanOrEqual(accepted);
  expect(poolAccepted).toBeLessThanOrEqual(accepted + unknown);
  expect({ duplicates, hardware_errors }).toEqual({ duplicates: 0, hardware_errors: 0 });
}

describe('mining goes on after', () => {
  test.each<[string, Partial<PoolFaults>, { status: SourceStatus; words: RegExp; deadlines?: Partial<Deadlines> }]>([
    ['a pool falls silent', { silent: true }, { status: 'backing_off', words: /not one line|nothing came/ }],
    ['a pool answers no share', { noSubmitAnswers: true }, { status: 'backing_off', words: /nothing came|without an answer/, deadlines: { silenceMs: 10_000 } }],
    ['a pool hangs up in the middle of shares', { dropAfterShares: 1 }, { status: 'backing_off', words: /closed|ECONNRESET/ }],
    ['a pool sends garbage before every line', { garbage: true }, { status: 'backing_off', words: /20 unusable lines/ }],
  ])('%s', async (_, fault, { status, words, deadlines }) => {
    const pool = await startPool();
    const rig = await startRig([pool], { deadlines: { ...SHORT, ...deadlines } });
    await rig.accepted();
    Object.assign(pool.sim.faults, fault);
    await rig.reaches(0, status);
    expect(rig.sources[0]!.state().reason).toMatch(words);
    expect(rig.engine.activeSource).toBeNull();
    Object.assign(pool.sim.faults, noFaults());
    await rig.accepted();
    await rig.stop();
    expectBooksToAgree(rig, [pool]);
  });

  test.each<[string, Partial<PoolFaults>, RegExp]>([
    ['takes the connection and ignores it', { halfOpen: true }, /no answer to mining.subscribe/],
    ['answers as a web server', { http: true }, /HTTP/],
    ['answers with wrong types', { wrongShapes: true }, /cannot be used/],
  ])('a pool that comes back from a reconnect %s', async (_, fault, words) => {
    const pool = await startPool();
    const rig = await startRig([pool], { deadlines: SHORT });
    await rig.accepted();
    Object.assign(pool.sim.faults, fault);
    pool.sim.broadcast.reconnect();
    while (!words.test(rig.sources[0]!.state().reason ?? '')) await once(rig.sources[0]!.events, 'change');
    Object.assign(pool.sim.faults, noFaults());
    await rig.accepted();
    await rig.stop();
    expectBooksToAgree(rig, [pool]);
  });

  test('every third share is refused, each counted with its reason', async () => {
    const pool = await startPool();
    pool.sim.faults.rejectNth = { every: 3, code: 20 };
    const rig = await startRig([pool]);
    while (rig.engine.account.snapshot().rejected < 5) await once(rig.engine.events, 'verdict');
    await rig.stop();
    expectBooksToAgree(rig, [pool]);
    expect(rig.engine.account.snapshot().rejected).toBe(pool.sim.stats().rejected_by_reason.on_purpose);
    expect(rig.verdicts).toContainEqual(expect.objectContaining({ status: 'rejected', code: 20, reason: expect.stringContaining('on purpose') }));
  });
});

describe('what a pool may change while shares are on their way', () => {
  test.each([0, 1, 8])('two devices and %i bytes of extranonce2 give no share twice', async (extranonce2Size) => {
    const pool = await startPool({ extranonce2Size });
    const rig = await startRig([pool], { devices: [new PacedDevice('dev1'), new PacedDevice('dev2')] });
    for (let i = 0; i < 4; i++) {
      await rig.accepted();
      // The same block under new ids, which is where a miner might begin again from the start.
      pool.sim.broadcast.job();
    }
    while (rig.engine.account.snapshot().accepted < 40) await once(rig.engine.events, 'verdict');
    await rig.stop();
    expectBooksToAgree(rig, [pool]);
    expect(pool.sim.stats()).toMatchObject({ rejected: 0, bad_lines: 0 });
    for (const id of ['dev1', 'dev2']) expect(rig.engine.accountOf(id)!.snapshot().accepted).toBeGreaterThan(0);
  });

  test('version mask, extranonce and difficulty: nothing wrong is sent, and no fallback is visited', async () => {
    const pool = await startPool();
    const fallback = await startPool();
    const rig = await startRig([pool, fallback]);
    const active: (string | null)[] = [];
    await rig.active('pool0');
    rig.engine.events.on('active', (id) => active.push(id));
    const { broadcast } = pool.sim;
    const changes = [() => broadcast.versionMask(0x0000e000), () => broadcast.extranonce(), () => broadcast.difficulty(EASY / 2), () => broadcast.versionMask(0x1fffe000), () => broadcast.job({ clean: true })];
    for (const change of changes) {
      await rig.accepted();
      expect(change()).toBe(1);
    }
    await rig.accepted();
    await rig.stop();
    expectBooksToAgree(rig, [pool, fallback]);
    expect(active).toEqual([]);
    expect(pool.sim.stats().rejected).toBe(0);
    expect(fallback.shareConnections).toEqual([]);
  });
});

describe('two pools', () => {
  test('going to the fallback and coming home: no share and no secret on the wrong connection', async () => {
    const home = await startPool();
    const fallback = await startPool();
    const rig = await startRig([home, fallback]);
    const active: (string | null)[] = [];
    rig.engine.events.on('active', (id) => active.push(id));
    await rig.active('pool0');
    await rig.reaches(1, 'mining');
    active.length = 0;
    for (let round = 0; round < 2; round++) {
      await rig.accepted();
      home.sim.faults.dropAfterShares = 1;
      await rig.active('pool1');
      const before = fallback.sim.stats().accepted;
      while (fallback.sim.stats().accepted === before) await once(rig.engine.events, 'verdict');
      Object.assign(home.sim.faults, noFaults());
      await rig.active('pool0');
    }
    await rig.accepted();
    await rig.stop();
    expectBooksToAgree(rig, [home, fallback]);
    expect(active.slice(0, 4)).toEqual(['pool1', 'pool0', 'pool1', 'pool0']);
    expect(new Set(home.logins)).toEqual(new Set(['account0.rig:secret0']));
    expect(new Set(fallback.logins)).toEqual(new Set(['account1.rig:secret1']));
    // A share of another connection's job would have been refused as unknown.
    for (const { sim } of [home, fallback]) expect(sim.stats().rejected_by_reason.job_not_found).toBeUndefined();
  });
});
