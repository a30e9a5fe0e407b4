/** What the ledger costs, at histories of different length, and beside it the way of the original design. */
import { mkdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { BaselineLedger, type BaselineReport } from './ledger-baseline.ts';
import type { LedgerKit, RecoveryTimes, Report, RunningLedger, SessionTraffic } from './ledger-kit.ts';
import { median, percentile } from './statistics.ts';

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export interface EngineResult {
  /** Entries in the ledger before. */
  readonly history: number;
  /** Until all of them are durable and visible in every file; median of the rounds, with the slowest and the fastest. */
  readonly entries_per_s: number;
  readonly entries_per_s_min: number;
  readonly entries_per_s_max: number;
  /** Bytes handed to write calls, all files together. */
  readonly bytes_per_entry: number;
  readonly fsyncs_per_entry: number;
  /** How long the caller waits for a call that hands over an entry, microseconds, while entries come at `paced_entries_per_s`. */
  readonly append_us: Percentiles;
  readonly append_samples: number;
  /** How late the caller's event loop is meanwhile. */
  readonly event_loop_delay_ms: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly paced_entries_per_s: number;
  /** From opening after kill -9 to the first new entry being durable; null when it was not tried. */
  readonly recovery_ms: number | null;
  readonly recovery: RecoveryTimes | null;
}

export interface BaselineResult {
  readonly history: number;
  readonly entries_per_s: number;
  readonly bytes_per_entry: number;
}

export interface LedgerBench {
  readonly engine: readonly EngineResult[];
  readonly baseline: readonly BaselineResult[];
  /** Engine over baseline at the same history, bytes the other way round; of entries/s the median of the rounds' own ratios. */
  readonly ratios: readonly { readonly history: number; readonly entries_per_s: number; readonly bytes_per_entry: number }[];
  /** Entries/s at the longest history over those at the shortest, median of the rounds' own ratios; null with one history. */
  readonly flatness: number | null;
  /** Entries of one round of the engine. */
  readonly entries_per_round: number;
  readonly rounds: number;
  readonly cpu: string;
  readonly node: string;
  /** Programs wanting a processor when the run began. */
  readonly load_1m: number;
}

export interface LedgerBenchOptions {
  readonly kit: LedgerKit;
  /** Empty folder on the disk to measure; what is written there is removed. */
  readonly folder: string;
  /** Shortest first. */
  readonly histories: readonly number[];
  readonly baseline: boolean;
  readonly rounds: number;
  readonly entriesPerRound: number;
  /** How long entries come at a steady pace in each round, milliseconds. */
  readonly pacedMs: number;
  readonly pacedPerS: number;
  /** Handed over by the process that is killed; null = that is not tried. */
  readonly reportsBeforeKill: number | null;
  readonly tell: (words: string) => void;
}

/** The baseline is not tried beyond: a single report then takes seconds. */
const BASELINE_TO = 10_000;
/** Histories up to this are laid anew for every round, so that what a round adds does not count as history. */
const FRESH_TO = 10_000;
const BASELINE_SLICE_MS = 400;
const BASELINE_MOST = 20;

/** Gathered over the rounds. */
interface Samples {
  readonly rates: number[];
  readonly appends: number[];
  readonly late: { p50: number; p99: number; max: number }[];
  bytes: number;
  fsyncs: number;
  entries: number;
}

/** Rounds of engine and baseline in turn, so that a busy moment of the machine hits both. @throws Error when an entry did not get where it should */
export async function benchLedger(options: LedgerBenchOptions): Promise<LedgerBench> {
  const { histories, rounds, tell } = options;
  const load = os.loadavg()[0] ?? NaN;
  const engine = new Map(histories.map((history) => [history, { rates: [], appends: [], late: [], bytes: 0, fsyncs: 0, entries: 0 } as Samples]));
  const baseline = new Map<number, { rates: number[]; bytes: number[] }>();
  const folders = new Map<number, string>();
  const recoveries = new Map<number, RecoveryTimes>();
  for (let round = 0; round < rounds; round += 1) {
    for (const [history, samples] of engine) {
      const folder = path.join(options.folder, `engine-${history}`);
      if (!folders.has(history) || history <= FRESH_TO) await layHistory(options, folder, history);
      folders.set(history, folder);
      tell(`round ${round + 1} of ${rounds}: ${history} entries of history`);
      await engineRound(options, folder, samples);
      if (options.reportsBeforeKill !== null && round === rounds - 1) recoveries.set(history, await options.kit.recover(folder, options.reportsBeforeKill));
      if (round === rounds - 1) rmSync(folder, { recursive: true, force: true });
      if (!options.baseline || history > BASELINE_TO) continue;
      const slice = baselineSlice(path.join(options.folder, 'baseline'), history);
      const own = baseline.get(history) ?? { rates: [], bytes: [] };
      own.rates.push(slice.entriesPerS);
      own.bytes.push(slice.bytesPerEntry);
      baseline.set(history, own);
    }
  }
  const results = [...engine].map(([history, samples]) => engineResult(history, samples, recoveries.get(history) ?? null, options.pacedPerS));
  const baselines = [...baseline].map(([history, { rates, bytes }]) => ({ history, entries_per_s: rounded(median(rates), 3), bytes_per_entry: Math.round(median(bytes)) }));
  return {
    engine: results,
    baseline: baselines,
    ratios: baselines.map(({ history, bytes_per_entry }) => {
      const own = results.find((result) => result.history === history);
      return { history, entries_per_s: Math.round(medianRatio(engine.get(history)?.rates, baseline.get(history)?.rates)), bytes_per_entry: Math.round(bytes_per_entry / (own?.bytes_per_entry ?? NaN)) };
    }),
    flatness: results.length < 2 ? null : rounded(medianRatio(engine.get(histories.at(-1) ?? 0)?.rates, engine.get(histories[0] ?? 0)?.rates), 2),
    entries_per_round: options.entriesPerRound,
    rounds,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    node: process.version,
    load_1m: rounded(load, 2),
  };
}

/** Median of the ratios of each round: what disturbs one round disturbs both sides of it. */
function medianRatio(over: readonly number[] = [], under: readonly number[] = []): number {
  return median(over.map((rate, round) => rate / (under[round] ?? NaN)));
}

async function layHistory({ kit, tell }: LedgerBenchOptions, folder: string, history: number): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (history > FRESH_TO) tell(`laying a history of ${history} entries`);
  await kit.fill(folder, reportsFrom(0, history), history);
}

async function engineRound(options: LedgerBenchOptions, folder: string, samples: Samples): Promise<void> {
  const ledger = options.kit.open(folder);
  const reports = reportsFrom(0, Infinity);
  // One entry first: opening is not part of the throughput.
  ledger.report(reports.next().value as Report);
  await ledger.flush();
  const started = performance.now();
  await handOver(ledger, reports, options.entriesPerRound);
  await ledger.flush();
  samples.rates.push((options.entriesPerRound * 1000) / (performance.now() - started));
  requireAll(ledger, options.entriesPerRound + 1);
  addTraffic(samples, await ledger.close());
  await pacedRound(options, folder, samples);
}

/** Hands over as fast as the queue allows. */
async function handOver(ledger: RunningLedger, reports: Iterator<Report>, count: number): Promise<void> {
  const together = Math.min(500, ledger.queueLimit / 2);
  for (let handed = 0; handed < count; ) {
    // Asleep and not turning round and round: the engine's thread needs the processor.
    while (ledger.counts().queued > ledger.queueLimit - 2 * together) await sleep(1);
    for (let n = 0; n < together && handed < count; n += 1, handed += 1) ledger.report(reports.next().value as Report);
    await nextTurn();
  }
}

/** Entries at a steady pace: what one call costs its caller, and whether the event loop stays free. */
async function pacedRound({ kit, pacedMs, pacedPerS }: LedgerBenchOptions, folder: string, samples: Samples): Promise<void> {
  const ledger = kit.open(folder);
  const reports = reportsFrom(0, Infinity);
  ledger.report(reports.next().value as Report);
  await ledger.flush();
  const resolution = 1;
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  const started = performance.now();
  let handed = 0;
  for (let elapsed = 0; elapsed < pacedMs; elapsed = performance.now() - started) {
    for (const due = (elapsed * pacedPerS) / 1000; handed < due; handed += 1) {
      const report = reports.next().value as Report;
      const before = performance.now();
      ledger.report(report);
      samples.appends.push((performance.now() - before) * 1000);
    }
    await sleep(1);
  }
  delay.disable();
  const late = (ns: number): number => rounded(Math.max(0, ns / 1e6 - resolution), 2);
  samples.late.push({ p50: late(delay.percentile(50)), p99: late(delay.percentile(99)), max: late(delay.max) });
  await ledger.flush();
  requireAll(ledger, handed + 1);
  await ledger.close();
}

function requireAll(ledger: RunningLedger, entries: number): void {
  const { written, lost, queued } = ledger.counts();
  if (written !== entries || lost > 0) throw new Error(`${entries} entries were handed over: ${written} are durable, ${lost} elsewhere, ${queued} on their way`);
}

function addTraffic(samples: Samples, { bytes, fsyncs, entries }: SessionTraffic): void {
  samples.bytes += bytes;
  samples.fsyncs += fsyncs;
  samples.entries += entries;
}

function engineResult(history: number, { rates, appends, late, bytes, fsyncs, entries }: Samples, recovery: RecoveryTimes | null, pacedPerS: number): EngineResult {
  const worst = (of: (sample: Samples['late'][number]) => number): number => median(late.map(of));
  return {
    history,
    entries_per_s: Math.round(median(rates)),
    entries_per_s_min: Math.round(Math.min(...rates)),
    entries_per_s_max: Math.round(Math.max(...rates)),
    bytes_per_entry: Math.round(bytes / entries),
    fsyncs_per_entry: rounded(fsyncs / entries, 5),
    append_us: { p50: rounded(percentile(appends, 50), 1), p99: rounded(percentile(appends, 99), 1), p999: rounded(percentile(appends, 99.9), 1) },
    append_samples: appends.length,
    event_loop_delay_ms: { p50: worst((one) => one.p50), p99: worst((one) => one.p99), max: worst((one) => one.max) },
    paced_entries_per_s: pacedPerS,
    recovery_ms: recovery === null ? null : rounded(recovery.first_durable_ms, 1),
    recovery,
  };
}

function baselineSlice(folder: string, history: number): { entriesPerS: number; bytesPerEntry: number } {
  rmSync(folder, { recursive: true, force: true });
  const ledger = new BaselineLedger(folder);
  // A second apart from midnight on, so that the running hour is filled the same way in every run.
  const at = (n: number): string => new Date(Date.UTC(2026, 10, 20) + n * 1000).toISOString();
  const report = (n: number, fields: Report): BaselineReport => ({ id: `report_20261120_000000_9f3c21_${String(n).padStart(4, '0')}`, timestamp: at(n), component: 'Production-Miner', ...fields });
  const reports = reportsFrom(0, Infinity);
  ledger.fill(Array.from({ length: history }, (_, n) => report(n, reports.next().value as Report)));
  const bytesBefore = ledger.bytesWritten;
  const started = performance.now();
  let count = 0;
  do {
    ledger.report(report(history + count, reports.next().value as Report));
    count += 1;
  } while (performance.now() - started < BASELINE_SLICE_MS && count < BASELINE_MOST);
  const ms = performance.now() - started;
  const bytes = ledger.bytesWritten - bytesBefore;
  rmSync(folder, { recursive: true, force: true });
  return { entriesPerS: (count * 1000) / ms, bytesPerEntry: bytes / count };
}

/** The original design's own report of a finished round. */
export function* reportsFrom(first: number, count: number): Generator<Report> {
  for (let n = first; n < first + count; n += 1) {
    yield { event: 'mining_round_complete', round_number: n, attempts_this_round: 325_000 + (n % 1000), best_difficulty: 1 + (n % 977) / 977, blocks_found: n % 5000 === 0 ? 1 : 0 };
  }
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
