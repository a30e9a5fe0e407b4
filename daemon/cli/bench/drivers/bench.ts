/** Runs the driver bench: a pool here, simulated devices in one process, the daemon in another, and trouble on the lines. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RigConfigInput } from '../../../../config/schema.ts';
import { startSimPool, type SimPool } from '../../../../sim/pool/pool.ts';
import { Child } from '../child.ts';
import type { DaemonAnswer, DaemonHeap, DaemonLook, DaemonOrder } from './daemon-child.ts';
import type { FleetAnswer, FleetOrder } from './fleet-child.ts';
import type { DriversBenchOptions } from './options.ts';
import { planMischief, type PlannedAct } from './mischief.ts';
import { gauge, type Gauge } from './process-gauge.ts';
import { reportOf, type DriversReport } from './report.ts';
import { sticksIn, ZERO_BITS, type Stick } from './sticks.ts';

/** A new job this often, so that three minutes give a distribution. */
const JOB_EVERY_MS = 1000;
/** 64 times what a chip reports at its easiest: tickets have something to choose from, and a device finds about a share a second. */
const DIFFICULTY = 64 * 2 ** (ZERO_BITS - 32);
const ALL_UP_MS = 90_000;
const GAUGE_EVERY_MS = 2000;
/** Plugs are pulled about this often. */
const MISCHIEF_EVERY_MS = 2500;
const HASHING_PERCENT = 50;
/** Shares on their way when the devices stop. */
const SETTLE_MS = 1500;

/** @throws Error when a part does not start; everything that was started is ended */
export async function benchDrivers(options: DriversBenchOptions): Promise<DriversReport> {
  const { folder, seconds, seed, tell } = options;
  const links = path.join(folder, 'tty');
  for (const needed of [links, path.join(folder, 'data')]) mkdirSync(needed, { recursive: true });
  const sticks = sticksIn(links, options.sticks);
  const fleet = new Child<FleetOrder, FleetAnswer>('drivers/fleet-child');
  const daemon = new Child<DaemonOrder, DaemonAnswer>('drivers/daemon-child', { log: options.log, execArgv: ['--expose-gc'] });
  const pool = await startSimPool({ difficulty: DIFFICULTY, vardiff: null, jobRefreshMs: JOB_EVERY_MS });
  try {
    await fleet.ask({ do: 'start', specs: Object.fromEntries(sticks.map(({ id, spec }) => [id, spec])), hashingPercent: HASHING_PERCENT });
    await daemon.ask({ do: 'run', config: configOf(sticks, pool, options.huntWorkers ?? 0), dataDir: path.join(folder, 'data') });
    const upMs = await allUp(daemon, sticks.length, tell);
    const durationMs = seconds * 1000;
    // Three are left alone: whatever happens to the others, these must not notice.
    const well = sticks.filter((_, index) => index % 6 === 0).map(({ id }) => id);
    const acts = options.mischief ? planMischief({ ids: sticks.map(({ id }) => id), well, durationMs, everyMs: MISCHIEF_EVERY_MS, seed }) : [];
    tell(`${seconds} s: ${acts.filter(({ act }) => act.do === 'unplug').length} plugs pulled, ${acts.filter(({ act }) => act.do === 'fault').length} faults`);
    if ((options.huntWorkers ?? 0) > 0) await daemon.ask({ do: 'hunt' });
    const heapFirst = await heapOf(daemon);
    const gauges = await live(daemon, fleet, acts, durationMs);
    // A ramp takes ten seconds, and what was pulled out twice is given a pause by the driver.
    await allUp(daemon, sticks.length, tell);
    const back = (await look(daemon)).hashing.length;
    const heap = [heapFirst, await heapOf(daemon)] as const;
    const { stats } = (await fleet.ask({ do: 'stats' })) as Extract<FleetAnswer, { stats: unknown }>;
    const last = await stopped(daemon);
    return reportOf({ options, sticks, well, acts, upMs, back, gauges, heap, figures: last.figures, huntJobs: last.huntJobs, fleet: stats, pool: pool.stats() });
  } finally {
    await fleet.ask({ do: 'close' }).catch(() => {});
    fleet.kill();
    daemon.kill();
    await pool.close();
  }
}

function configOf(sticks: readonly Stick[], pool: SimPool, huntWorkers: number): RigConfigInput {
  return {
    mining: { mode: 'live', live: true },
    pools: [{ id: 'bench', url: pool.url, user: 'bench' }],
    devices: sticks.map(({ config }) => config),
    discovery: { enabled: false },
    mqtt: { enabled: false },
    hub: { enabled: false },
    // More generations than there is time for.
    hunt: huntWorkers === 0 ? { enabled: false } : { workers: huntWorkers, generations: 100_000 },
    // Entries wait for their files for a second, not for minutes: what waits would look like a leak.
    ledger: { preset: 'ssd' },
    log: { level: 'warn' },
  };
}

async function look(daemon: Child<DaemonOrder, DaemonAnswer>): Promise<DaemonLook> {
  return (await daemon.ask({ do: 'look' })) as DaemonLook;
}

async function heapOf(daemon: Child<DaemonOrder, DaemonAnswer>): Promise<number> {
  return ((await daemon.ask({ do: 'heap' })) as DaemonHeap).heap_bytes;
}

async function stopped(daemon: Child<DaemonOrder, DaemonAnswer>): Promise<DaemonLook> {
  const last = (await daemon.ask({ do: 'stop' })) as DaemonLook;
  await sleep(SETTLE_MS);
  return last;
}

/** @returns how long it took until every device hashed, ms; null when one never did */
async function allUp(daemon: Child<DaemonOrder, DaemonAnswer>, count: number, tell: (words: string) => void): Promise<number | null> {
  const began = performance.now();
  for (;;) {
    const { hashing, figures } = await look(daemon);
    const ms = performance.now() - began;
    if (hashing.length === count) {
      tell(`all ${count} devices hash after ${(ms / 1000).toFixed(1)} s`);
      return ms;
    }
    if (ms > ALL_UP_MS) {
      for (const { id, status, reason } of figures.devices) if (!hashing.includes(id)) tell(`${id} does not hash: ${status}${reason === null ? '' : `, ${reason}`}`);
      return null;
    }
    await sleep(500);
  }
}

async function live(daemon: Child<DaemonOrder, DaemonAnswer>, fleet: Child<FleetOrder, FleetAnswer>, acts: readonly PlannedAct[], durationMs: number): Promise<Gauge[]> {
  const began = performance.now();
  const gauges: Gauge[] = [];
  let next = 0;
  for (let at = 0; at < durationMs; at = performance.now() - began) {
    if (gauges.length === 0 || at - (gauges.at(-1) as Gauge).at_ms >= GAUGE_EVERY_MS) {
      const taken = gauge(daemon.process.pid ?? 0, at);
      if (taken !== null) gauges.push(taken);
    }
    for (let due = acts[next]; due !== undefined && due.at_ms <= at; due = acts[++next]) await fleet.ask(due.act as FleetOrder);
    await sleep(50);
  }
  return gauges;
}
