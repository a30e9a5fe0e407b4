/** What the driver bench found, as `--json` prints it. */
import { cpus } from 'node:os';
import { median, percentile } from '../../../../bench/statistics.ts';
import type { SimPoolStats } from '../../../../sim/pool/pool.ts';
import type { DaemonFigures, DeviceFigures } from './observer.ts';
import type { DriversBenchOptions } from './options.ts';
import type { PlannedAct } from './mischief.ts';
import type { Gauge } from './process-gauge.ts';
import type { Stick } from './sticks.ts';

/** Times in ms. */
export interface Spread {
  readonly count: number;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
  readonly max_ms: number | null;
}

export interface DriversReport {
  readonly bench: 'drivers';
  readonly cpu: string;
  readonly cpus: number;
  readonly sticks: number;
  readonly seconds: number;
  readonly seed: number;
  /** The parameter hunt that ran beside it; null = none did. */
  readonly hunt: { readonly workers: number; readonly jobs_done: number } | null;
  readonly unplugs: number;
  readonly faults: number;
  /** Until every device hashed; null = one never did within a minute and a half. */
  readonly all_up_s: number | null;
  /** Devices that hashed at the end, every plug back for a minute and a half at most. */
  readonly hashing_at_end: number;
  /** From the pool's bytes to the last byte of the job at a device's wire. */
  readonly notify_to_wire: Spread;
  /** From the last byte of a nonce to the socket of the pool. */
  readonly nonce_to_socket: Spread;
  readonly jobs: number;
  /** Of devices that nothing happened to: the most jobs one of them missed, and its longest wait for one. */
  readonly well: readonly string[];
  readonly well_jobs_missed: number;
  readonly well_worst_job_ms: number | null;
  readonly shares: {
    /** Given to the engine, sum of all verdicts, and those the pool has answered. */
    readonly found: number;
    readonly settled: number;
    readonly verdicts: Readonly<Record<string, number>>;
    readonly pool_accepted: number;
    readonly pool_rejected: Readonly<Record<string, number>>;
    /** Found and without a verdict; accepted here and unknown to the pool, or the reverse; seen twice by the pool. All 0. */
    readonly lost: number;
    readonly disagreed: number;
    readonly duplicated: number;
  };
  /** Nonces that left the simulated chips, and those that reached the drivers; the difference went with pulled plugs and faults. */
  readonly nonces_reported: number;
  readonly nonces_received: number;
  readonly memory: { /** Of the daemon's main thread, each after a collection of garbage: what a leak would show in. */ readonly heap_first_mb: number; readonly heap_last_mb: number; readonly rss_first_mb: number | null; readonly rss_last_mb: number | null; readonly growth_percent: number | null; readonly open_files_first: number | null; readonly open_files_last: number | null; readonly open_files_most: number | null };
  readonly devices: readonly (DeviceFigures & { /** Left its chips. */ readonly nonces_reported: number })[];
}

export interface ReportParts {
  readonly options: DriversBenchOptions;
  readonly huntJobs: number | null;
  readonly sticks: readonly Stick[];
  readonly well: readonly string[];
  readonly acts: readonly PlannedAct[];
  readonly upMs: number | null;
  readonly back: number;
  readonly gauges: readonly Gauge[];
  /** Bytes before and after. */
  readonly heap: readonly [first: number, last: number];
  readonly figures: DaemonFigures;
  readonly fleet: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly pool: SimPoolStats;
}

export function reportOf({ options, huntJobs, sticks, well, acts, upMs, back, gauges, heap, figures, fleet, pool }: ReportParts): DriversReport {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const reported = (id: string): number => (typeof fleet[id]?.nonces === 'number' ? fleet[id].nonces : 0);
  const settled = sum(Object.values(figures.verdicts));
  const accepted = figures.verdicts.accepted ?? 0;
  const wellOnes = figures.devices.filter(({ id }) => well.includes(id));
  const worst = wellOnes.flatMap(({ worst_job_ms }) => worst_job_ms ?? []);
  return {
    bench: 'drivers',
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: cpus().length,
    sticks: sticks.length,
    seconds: options.seconds,
    seed: options.seed,
    hunt: huntJobs === null ? null : { workers: options.huntWorkers ?? 0, jobs_done: huntJobs },
    unplugs: acts.filter(({ act }) => act.do === 'unplug').length,
    faults: acts.filter(({ act }) => act.do === 'fault').length,
    all_up_s: upMs === null ? null : Math.round(upMs / 100) / 10,
    hashing_at_end: back,
    notify_to_wire: spreadOf(figures.job_sent_ms),
    nonce_to_socket: spreadOf(figures.share_sent_ms),
    jobs: figures.jobs,
    well,
    well_jobs_missed: Math.max(0, ...wellOnes.map(({ jobs_missed }) => jobs_missed)),
    well_worst_job_ms: worst.length === 0 ? null : round(Math.max(...worst)),
    shares: {
      found: figures.shares,
      settled,
      verdicts: figures.verdicts,
      pool_accepted: pool.accepted,
      pool_rejected: pool.rejected_by_reason,
      lost: figures.shares - settled,
      disagreed: Math.abs(pool.accepted - accepted),
      duplicated: pool.rejected_by_reason.duplicate ?? 0,
    },
    nonces_reported: sum(Object.keys(fleet).map(reported)),
    nonces_received: sum(figures.devices.map(({ nonces, duplicates, hardware_errors, late }) => nonces + duplicates + hardware_errors + late)),
    memory: memoryOf(gauges, heap),
    devices: figures.devices.map((device) => ({ ...device, nonces_reported: reported(device.id) })),
  };
}

/** Quarters are compared, so that one collection of garbage decides nothing. */
function memoryOf(gauges: readonly Gauge[], heap: readonly [number, number]): DriversReport['memory'] {
  const quarter = Math.floor(gauges.length / 4);
  const [early, late] = [gauges.slice(0, quarter), gauges.slice(gauges.length - quarter)];
  const files = (list: readonly Gauge[]): number | null => (list.length === 0 ? null : median(list.map(({ open_files }) => open_files)));
  const first = early.length === 0 ? null : median(early.map(({ rss_bytes }) => rss_bytes));
  const last = late.length === 0 ? null : median(late.map(({ rss_bytes }) => rss_bytes));
  const mb = (bytes: number | null): number | null => (bytes === null ? null : Math.round(bytes / 1e5) / 10);
  return {
    heap_first_mb: Math.round(heap[0] / 1e5) / 10,
    heap_last_mb: Math.round(heap[1] / 1e5) / 10,
    rss_first_mb: mb(first),
    rss_last_mb: mb(last),
    growth_percent: first === null || last === null ? null : Math.round((1000 * (last - first)) / first) / 10,
    open_files_first: files(early),
    open_files_last: files(late),
    open_files_most: gauges.length === 0 ? null : Math.max(...gauges.map(({ open_files }) => open_files)),
  };
}

/** Percentiles of all values. */
export function spreadOf(values: readonly number[]): Spread {
  const at = (percent: number): number | null => (values.length === 0 ? null : round(percentile(values, percent)));
  return { count: values.length, p50_ms: at(50), p99_ms: at(99), max_ms: at(100) };
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
