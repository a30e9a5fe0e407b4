/**
 * A day with four pools that come and go, on a clock moved by hand: at its end the daemon's mining half holds no more than
 * after its first hours, both sides' books agree share by share, each alarm was told once per episode, and after the
 * stop nothing is left. RIGBRAIN_SEED=n tries other days.
 */
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test, vi } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { Alarms } from '../daemon/alarms/alarms.ts';
import { RigEvents } from '../daemon/main/rig-events.ts';
import { RigStateSource } from '../daemon/main/rig-state.ts';
import { PayoutWatch } from '../daemon/mining/payout/payout-watch.ts';
import { PoolAccounts } from '../daemon/mining/pool-accounts.ts';
import { MiningRecorder } from '../daemon/mining/recorder.ts';
import { StratumV1Session } from '../daemon/mining/stratum-v1-session.ts';
import type { Clock, Timer } from '../protocol/common/clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import { StratumV1Client } from '../protocol/stratum-v1/client.ts';
import { DEADLINES } from '../protocol/stratum-v1/limits.ts';
import type { Share } from '../daemon/mining/job.ts';
import { CountingLedger } from './memory-pools/counting-ledger.fixture.ts';
import { MemorySocket, useNet } from './memory-pools/net.fixture.ts';
import { MemoryConnection, type MemoryPool } from './memory-pools/pool.fixture.ts';
import { hostOf, makeWorld, PORT, SECOND_PORT, settle, type World } from './memory-pools/world.fixture.ts';

vi.mock('../daemon/mining/pool-socket.ts', async (original) => ({ ...(await original<object>()), PoolSocket: (await import('./memory-pools/net.fixture.ts')).MemorySocket }));

afterEach(() => useNet(null));

const HOUR_MS = 3_600_000;
const STEP_MS = 4_000;
const JOBS_MS = 30_000;

/** What one hour may bring, with how often it does. */
const LIFE: readonly { readonly perHour: number; readonly act: (pool: MemoryPool, world: World, index: number) => void }[] = [
  { perHour: 24, act: (pool) => pool.newBlock() },
  { perHour: 12, act: (pool, { random }) => each(pool, (connection) => connection.changeDifficulty(2 ** -(27 + Math.floor(random() * 3)))) },
  { perHour: 6, act: (pool, { random }) => each(pool, (connection) => connection.changeExtranonce(random() < 0.5)) },
  { perHour: 8, act: (pool) => pool.dropAll() },
  { perHour: 3, act: (pool, world) => during(world, 400_000, () => (pool.behaviour.silent = true), () => (pool.behaviour.silent = false)) },
  { perHour: 3, act: (pool, world) => during(world, 300_000, () => { pool.up = false; pool.dropAll(); }, () => (pool.up = true)) },
  { perHour: 2, act: (pool, world) => during(world, 120_000, () => (pool.behaviour.answersNoSubmit = true), () => (pool.behaviour.answersNoSubmit = false)) },
  { perHour: 1, act: (pool, world) => during(world, 200_000, () => { pool.behaviour.sendsNoJob = true; pool.dropAll(); }, () => (pool.behaviour.sendsNoJob = false)) },
  { perHour: 0.5, act: (pool, world) => during(world, 60_000, () => { pool.behaviour.refusesWorker = true; pool.dropAll(); }, () => (pool.behaviour.refusesWorker = false)) },
  { perHour: 4, act: (pool, { random }, i) => each(pool, (connection) => connection.redirect(random() < 0.5 ? '' : hostOf(i), random() < 0.5 ? PORT : SECOND_PORT, Math.floor(random() * 30))) },
  { perHour: 4, act: (pool, { pools }, i) => each(pool, (connection) => connection.redirect(hostOf((i + 1) % pools.length), PORT)) },
  { perHour: 6, act: (pool) => each(pool, (connection) => connection.send('{"id":null,\u0000garbage\n'.repeat(5))) },
  { perHour: 6, act: (pool, { random }) => each(pool, (connection) => connection.send({ id: null, method: 'client.show_message', params: [`news ${random()}`] })) },
  { perHour: 0.3, act: (pool) => void (pool.payee = `0014${pool.hex(20)}`) },
  { perHour: 20, act: (pool) => each(pool, (connection) => connection.send({ id: 42, method: 'mining.ping', params: [] })) },
];

const each = (pool: MemoryPool, act: (connection: MemoryConnection) => void): void => [...pool.connections].forEach(act);

/** Ends of episodes that are still to come. */
const endings = new Set<Timer>();

function during({ clock }: World, ms: number, begin: () => void, end: () => void): void {
  begin();
  const timer = clock.after(ms, () => {
    endings.delete(timer);
    end();
  });
  endings.add(timer);
}

/** Every share, on both sides: what the pool made of it must be what the miner was told, or nothing was told. */
class Books {
  readonly #atPool = new Map<string, string | null>();
  readonly #unknown = new Set<string>();
  readonly wrong: string[] = [];
  /** Shares a pool took that the miner never heard of again, and those that never came to a pool. */
  unheard = 0;
  lost = 0;

  constructor({ pools, engine }: World) {
    for (const pool of pools) {
      const before = pool.onSubmit;
      pool.onSubmit = (submit) => {
        before(submit);
        const hash = submit.judged?.hash ?? '';
        if (this.#unknown.delete(hash)) this.unheard += 1;
        else if (this.#atPool.has(hash)) this.wrong.push(`${hash} was sent twice`);
        else this.#atPool.set(hash, submit.refusal);
      };
    }
    engine.events.on('verdict', (share, verdict) => {
      const hash = displayOf(share);
      const seen = this.#atPool.get(hash);
      const known = this.#atPool.delete(hash);
      if (verdict.status === 'unknown') known ? (this.unheard += 1) : this.#unknown.add(hash);
      else if (verdict.status === 'withheld') known && this.wrong.push(`${hash} was withheld, and sent`);
      else if (!known || (seen === null) !== (verdict.status === 'accepted')) this.wrong.push(`${hash} was ${verdict.status}, at the pool ${known ? (seen ?? 'accepted') : 'unknown'}`);
    });
  }

  /** Shares without a verdict, when none should be on its way any more. */
  close(): number {
    this.lost = this.#unknown.size;
    return this.#atPool.size;
  }
}

const displayOf = (share: Share): string => Buffer.from(share.hash).reverse().toString('hex');

/** Alarms as they are told: each begins, ends, begins again. */
class Bells {
  readonly wrong: string[] = [];
  readonly raised = new Map<string, number>();
  readonly #on = new Set<string>();

  tell(type: string, data: Record<string, unknown>): void {
    if (type !== 'alarm_raised' && type !== 'alarm_healed') return;
    const kind = String(data.kind);
    const key = `${kind} ${String(data.subject)}`;
    const raised = type === 'alarm_raised';
    if (raised === this.#on.has(key)) this.wrong.push(`${key}: ${type} twice`);
    if (raised) this.#on.add(key);
    else this.#on.delete(key);
    if (raised) this.raised.set(kind, (this.raised.get(kind) ?? 0) + 1);
  }
}

/** Looks every ten seconds instead of every second: a day has very many seconds, and what is looked at changes less often. */
const slower = (clock: Clock): Clock => ({ now: () => clock.now(), monotonic: () => clock.monotonic(), after: (ms, fn) => clock.after(ms, fn), every: (ms, fn) => clock.every(10 * ms, fn) });

interface Holdings {
  readonly timers: number;
  readonly sockets: number;
  readonly listeners: number;
  readonly sessions: number;
  readonly clients: number;
  readonly memorySockets: number;
  readonly heapBytes: number;
}

/** What there is once all pools are well and everything has settled. */
async function holdings(world: World): Promise<Holdings> {
  const { clock, net, pools, sources, engine } = world;
  // Long enough for every episode to end and every pool to be back, the refused worker's pause included.
  clock.advance(800_000);
  await settle();
  clock.advance(STEP_MS);
  await settle();
  for (const pool of pools) expect(pool.connections.size).toBe(1);
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const emitters = [engine.events, ...sources.map(({ events }) => events)];
  return {
    timers: clock.pendingTimers,
    sockets: net.sockets.size,
    listeners: emitters.reduce((sum, emitter) => sum + emitter.eventNames().reduce((n, name) => n + emitter.listenerCount(name as never), 0), 0),
    sessions: instancesOf(StratumV1Session),
    clients: instancesOf(StratumV1Client),
    memorySockets: instancesOf(MemorySocket),
    heapBytes: process.memoryUsage().heapUsed,
  };
}

/** Objects of a class that are still reachable. */
const instancesOf = (type: new (...args: never[]) => object): number => queryObjects(type as new () => object, { format: 'count' });

async function live(world: World, ms: number): Promise<void> {
  const { clock, random, pools, devices } = world;
  for (const end = clock.monotonic() + ms; clock.monotonic() < end; ) {
    for (const { perHour, act } of LIFE) {
      if (random() >= (perHour * pools.length * STEP_MS) / HOUR_MS) continue;
      const index = Math.floor(random() * pools.length);
      act(pools[index]!, world, index);
    }
    // Also for work of long ago, which is what chips do after a change.
    devices[Math.floor(random() * devices.length)]!.find(Math.floor(random() ** 4 * 10));
    clock.advance(STEP_MS);
    await settle();
  }
}

test('24 hours of pool life leak nothing, and the books of both sides agree', async () => {
  let payouts: PayoutWatch | null = null;
  const world = makeWorld({ seed: Number(process.env.RIGBRAIN_SEED ?? 24), pools: 4, devices: 3, maxLatencyMs: 200, engine: { inspect: (job) => payouts!.inspect(job) } });
  const { clock, engine, pools, net } = world;
  payouts = new PayoutWatch(new Map(), { clock, log: silentLog });
  const ledger = new CountingLedger();
  new MiningRecorder({ engine, ledger, clock, attestation: { hostname: 'rig', cpu_model: null, cpu_cores: 2, ram_total_gb: 1, machine: null, process_id: 1 }, mathematics: { categories_applied: {}, bitload: null }, iso: (at) => new Date(at).toISOString() }).attach();
  const accounts = new PoolAccounts(engine, clock);
  const config = configSchema.parse({});
  const state: RigStateSource = new RigStateSource({ nodeId: 'rig1', version: '0', mode: 'live', engine, accounts, payouts, ledger, session: () => null, alarms: () => alarms.list(), economy: config.economy, clock });
  const bells = new Bells();
  const events = new RigEvents(clock);
  events.attach(engine, ledger);
  const alarms = new Alarms({ config: config.alarms, nodeId: 'rig1', webhooks: [], silenceMs: () => DEADLINES.silenceMs, submits: true }, { state, ledger, clock: slower(clock), log: silentLog, tell: (type, _message, _device, data) => bells.tell(type, data) });
  const books = new Books(world);
  const feeds = pools.map((pool, i) => clock.every(JOBS_MS + i, () => pool.sendJobs()));
  let shares = 0;
  engine.events.on('share', () => (shares += 1));
  await world.start();
  accounts.start();
  alarms.start();

  await live(world, 2 * HOUR_MS);
  const early = await holdings(world);
  await live(world, 21.5 * HOUR_MS - 1_700_000);
  const late = await holdings(world);
  expect(clock.monotonic()).toBeGreaterThan(23.3 * HOUR_MS);

  // A pool that has just been heard and one that has not differ by a timer or two.
  expect(late.timers).toBeLessThanOrEqual(early.timers + 2);
  expect(late.listeners).toBe(early.listeners);
  expect(late).toMatchObject({ sockets: pools.length });
  expect({ sessions: late.sessions, clients: late.clients, memorySockets: late.memorySockets }).toEqual({ sessions: early.sessions, clients: early.clients, memorySockets: early.memorySockets });
  // A day has thousands of jobs and shares; kept, they would be many times this.
  expect(late.heapBytes - early.heapBytes).toBeLessThan(4 * 2 ** 20);

  await live(world, 0.5 * HOUR_MS);
  for (const timer of [...feeds, ...endings]) timer.cancel();
  await world.stop();
  accounts.stop();
  await alarms.stop();
  expect(world.violations()).toEqual([]);
  expect(books.wrong).toEqual([]);
  expect(books.close()).toBe(0);

  // The day was one: everything happened, and often.
  const { accepted, rejected, stale, unknown, withheld, hardware_errors } = engine.account.snapshot();
  const total = (count: (pool: MemoryPool) => number): number => pools.reduce((sum, pool) => sum + count(pool), 0);
  expect(total(({ counts }) => counts.connections)).toBeGreaterThan(500);
  expect(world.switches()).toBeGreaterThan(100);
  expect(shares).toBeGreaterThan(10_000);
  expect(hardware_errors).toBe(0);

  // Each share has one verdict, one entry, one proof; and what pools took is what we were told, or never heard of.
  const verdicts = Object.values(world.verdicts).reduce((sum, count) => sum + count, 0);
  expect(verdicts).toBe(shares);
  expect(ledger.counts).toMatchObject({ ledger: shares, math_proof: shares, submission: shares - (world.verdicts.withheld ?? 0) });
  expect(accepted + rejected + stale + unknown + withheld).toBeGreaterThanOrEqual(shares);
  expect(world.verdicts.accepted).toBe(accepted);
  expect(total(({ counts }) => counts.submits)).toBe(shares - (world.verdicts.withheld ?? 0) - books.lost);

  // Each alarm once per episode, and the kinds that such a day must have.
  expect(bells.wrong).toEqual([]);
  expect([...bells.raised.keys()]).toEqual(expect.arrayContaining(['all_pools_dead', 'payee_changed', 'pool_auth', 'pool_silent']));

  // Nothing is left: no timer, no socket, nobody listens for a pool any more.
  expect({ timers: clock.pendingTimers, sockets: net.sockets.size }).toEqual({ timers: 0, sockets: 0 });
}, 600_000);
