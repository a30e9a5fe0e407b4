/**
 * Time to failover, to the millisecond: real sources and engine on a clock moved by hand, with the deadlines a rig has
 * by default. What the same faults cost on real sockets stands in `pool-failover.e2e.test.ts`.
 */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { DEADLINES } from '../protocol/stratum-v1/limits.ts';
import { useNet } from './memory-pools/net.fixture.ts';
import type { MemoryPool } from './memory-pools/pool.fixture.ts';
import { makeWorld, settle, type World, type WorldOptions } from './memory-pools/world.fixture.ts';

vi.mock('../daemon/mining/pool-socket.ts', async (original) => ({ ...(await original<object>()), PoolSocket: (await import('./memory-pools/net.fixture.ts')).MemorySocket }));

afterEach(() => useNet(null));

/** One-way travel time, so that what is heard when is known. */
const LATENCY_MS = 1;
const JOBS_MS = 30_000;

/** Two pools that both have work, the first of them mined for; the fallback goes on sending jobs. */
async function twoPools(options: Partial<WorldOptions> = {}): Promise<World> {
  const world = makeWorld({ seed: 1, pools: 2, devices: 1, maxLatencyMs: 1, ...options });
  await world.start();
  world.clock.advance(1_000);
  world.clock.every(JOBS_MS, () => world.pools[1]!.sendJobs());
  expect(world.engine.activeSource).toBe('pool0');
  expect(world.engine.jobOf('pool1')).not.toBeNull();
  world.active.length = 0;
  return world;
}

/** Sends one last job and lets it arrive: from now on nothing has been heard for 0 ms. */
function lastWord({ pools, clock }: World): void {
  pools[0]!.sendJobs();
  clock.advance(LATENCY_MS);
}

/** Lets a share be found for the present job, and its line arrive. */
async function share({ devices, clock }: World): Promise<void> {
  expect(devices[0]!.find(0)).toBe(true);
  clock.advance(LATENCY_MS);
  await settle();
}

const each = (pool: MemoryPool, text: object | string): void => pool.connections.forEach((connection) => connection.send(text));

interface Fault {
  readonly name: string;
  /** Begins with the fault and does what the fault needs, e.g. sends a share; takes no time of the clock. */
  readonly begin: (world: World) => void | Promise<void>;
  /** From then to the first job taken for the fallback. */
  readonly afterMs: number;
}

describe('from the beginning of a fault to the first job for the fallback', () => {
  const faults: readonly Fault[] = [
    { name: 'silent, and no share is found meanwhile', begin: ({ pools }) => void (pools[0]!.behaviour.silent = true), afterMs: DEADLINES.silenceMs },
    {
      name: 'silent, with a share on its way',
      begin: ({ pools, devices }) => {
        pools[0]!.behaviour.silent = true;
        devices[0]!.find(0);
      },
      afterMs: DEADLINES.submitMs,
    },
    {
      name: 'a byte every second of a line that never ends',
      begin: ({ pools, clock }) => {
        const connection = [...pools[0]!.connections][0]!;
        clock.every(1_000, () => connection.send('a'));
      },
      afterMs: DEADLINES.silenceMs,
    },
    {
      name: 'jobs go on, but ten shares are not answered',
      begin: ({ pools, devices, clock }) => {
        pools[0]!.behaviour.answersNoSubmit = true;
        for (let i = 0; i < 10; i++) devices[0]!.find(0);
        clock.every(10_000, () => pools[0]!.sendJobs());
      },
      afterMs: DEADLINES.submitMs,
    },
    { name: 'twenty lines of garbage', begin: ({ pools }) => each(pools[0]!, '{"id":null,\u0000garbage\n'.repeat(20)), afterMs: LATENCY_MS },
    { name: 'a clean job that cannot be read', begin: ({ pools }) => each(pools[0]!, { id: null, method: 'mining.notify', params: ['x', 'not hex', '', '', [], '20000000', '2000ffff', '0', true] }), afterMs: LATENCY_MS },
    { name: 'a line without an end, 1 MiB and more', begin: ({ pools }) => each(pools[0]!, 'x'.repeat(2 ** 20 + 1)), afterMs: LATENCY_MS },
    { name: 'the connection is cut', begin: ({ pools }) => pools[0]!.dropAll(), afterMs: LATENCY_MS },
    { name: 'client.reconnect to itself', begin: ({ pools }) => [...pools[0]!.connections][0]!.redirect('', 0), afterMs: LATENCY_MS },
  ];

  test.each(faults)('$name: $afterMs ms', async ({ begin, afterMs }) => {
    const world = await twoPools();
    const { clock, engine, active } = world;
    lastWord(world);
    const began = clock.monotonic();
    await begin(world);
    clock.advance(afterMs - 1);
    expect(engine.activeSource).toBe('pool0');
    clock.advance(1);
    expect(active).toEqual([{ at: began + afterMs, id: 'pool1', reason: expect.any(String) }]);
    expect(world.templates.job?.sourceId).toBe('pool1');
    // The very next share is the fallback's, under its name.
    const before = world.pools[1]!.counts.accepted;
    await share(world);
    expect(world.pools[1]!.counts.accepted).toBe(before + 1);
    await world.stop();
    expect(world.violations()).toEqual([]);
  });

  test('what a pool may do without being left: slow answers, jobs before authorize, the same job with a new extranonce, a redirect to a stranger', async () => {
    const world = await twoPools({ maxLatencyMs: 1 });
    const { pools, clock, active } = world;
    const home = pools[0]!;
    home.behaviour.jobBeforeAuthorize = true;
    for (let minute = 0; minute < 10; minute++) {
      home.sendJobs();
      [...home.connections][0]!.changeExtranonce(true);
      each(home, { id: null, method: 'client.reconnect', params: ['pool.stranger.example', 3333, 0] });
      clock.advance(1_000);
      await share(world);
      // Only as slow as it may be.
      clock.advance(DEADLINES.submitMs - 2_000);
    }
    expect(active).toEqual([]);
    expect(home.counts).toMatchObject({ connections: 1, refused: 0 });
    await world.stop();
    expect(world.violations()).toEqual([]);
    expect(world.verdicts).toEqual({ accepted: 10 });
  });
});

describe('a primary that is broken from the start keeps nobody from mining', () => {
  test.each<[string, (pool: MemoryPool) => void]>([
    ['refuses connections', (pool) => void (pool.up = false)],
    ['is half-open', (pool) => void (pool.behaviour.silent = true)],
    ['sends no job', (pool) => void (pool.behaviour.sendsNoJob = true)],
    ['refuses the worker', (pool) => void (pool.behaviour.refusesWorker = true)],
  ])('%s', async (_, breakIt) => {
    const world = makeWorld({ seed: 2, pools: 2, devices: 1, maxLatencyMs: 1 });
    breakIt(world.pools[0]!);
    await world.start();
    // A connection, a question and an answer.
    world.clock.advance(5 * LATENCY_MS);
    expect(world.engine.activeSource).toBe('pool1');
    await share(world);
    expect(world.pools[1]!.counts.accepted).toBe(1);
    await world.stop();
    expect(world.violations()).toEqual([]);
  });
});

describe('the way home', () => {
  const RETURN_MS = 60_000;

  test('a primary that flaps for an hour is left once, and gone home to once, to the millisecond', async () => {
    const world = await twoPools();
    const { pools, clock, active } = world;
    const home = pools[0]!;
    clock.every(JOBS_MS, () => home.sendJobs());
    const flapping = clock.every(5_000, () => home.dropAll());
    for (let minute = 0; minute < 60; minute++) {
      clock.advance(60_000);
      await share(world);
    }
    expect(active.map(({ id }) => id)).toEqual(['pool1']);
    // It was connected to all that time, and had its job taken: it comes and goes.
    expect(home.counts.connections).toBeGreaterThan(60);
    flapping.cancel();
    let workSince: number | null = null;
    world.sources[0]!.events.once('job', () => (workSince = clock.monotonic()));
    home.dropAll();
    clock.advance(60_000 + 5 * LATENCY_MS);
    expect(workSince).not.toBeNull();
    clock.advance(workSince! + RETURN_MS - clock.monotonic() - 1);
    expect(active).toHaveLength(1);
    clock.advance(1);
    expect(active.at(-1)).toMatchObject({ at: workSince! + RETURN_MS, id: 'pool0' });
    await share(world);
    await world.stop();
    expect(world.violations()).toEqual([]);
    // Not one share of that hour went to the pool that flapped.
    expect(pools.map(({ counts }) => counts.accepted)).toEqual([1, 60]);
  });

  test('two pools that die one after the other cost one failover each: the one that is only just back is not tried on the way', async () => {
    const world = await twoPools({ pools: 3 });
    const { pools, clock, active } = world;
    for (const pool of pools) clock.every(JOBS_MS, () => pool.sendJobs());
    pools[0]!.dropAll();
    clock.advance(10_000);
    expect(world.engine.jobOf('pool0')).not.toBeNull();
    const began = clock.monotonic();
    pools[1]!.dropAll();
    clock.advance(LATENCY_MS);
    expect(active.map(({ id }) => id)).toEqual(['pool1', 'pool2']);
    expect(active.at(-1)!.at).toBe(began + LATENCY_MS);
    await world.stop();
    expect(world.violations()).toEqual([]);
  });
});

test('all pools dead: nobody is mined for, devices are told to wait, and the first pool that is back has them at once', async () => {
  const world = await twoPools();
  const { pools, clock, engine, devices, active } = world;
  for (const pool of pools) {
    pool.up = false;
    pool.dropAll();
  }
  clock.advance(LATENCY_MS);
  expect(engine.activeSource).toBeNull();
  expect(devices[0]!.present).toBeNull();
  clock.advance(3_600_000);
  expect(devices[0]!.present).toBeNull();
  pools[1]!.up = true;
  const back = clock.monotonic();
  while (engine.activeSource === null && clock.monotonic() < back + 120_000) clock.advance(1);
  // The pauses between attempts are a minute at most.
  expect(clock.monotonic() - back).toBeLessThanOrEqual(60_000 + 10 * LATENCY_MS);
  expect(engine.activeSource).toBe('pool1');
  expect(devices[0]!.present).not.toBeNull();
  await share(world);
  expect(pools[1]!.counts.accepted).toBe(1);
  expect(active.map(({ id }) => id)).toEqual([expect.toBeOneOf(['pool1', null]), ...(active[0]!.id === null ? [] : [null]), 'pool1']);
  await world.stop();
  expect(world.violations()).toEqual([]);
});
