/** `rigbrain bench ledger`: prints what bench/ledger.ts measures, and what each preset writes in a day. */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';
import type { Wear } from '../../../bench/ledger-kit.ts';
import { benchLedger, reportsFrom, type LedgerBench, type LedgerBenchOptions } from '../../../bench/ledger.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { PRESETS, type PresetName } from '../../ledger/presets.ts';
import { createLedgerKit } from '../bench/ledger-kit.ts';
import { measureWear } from '../bench/wear.ts';
import { EXIT } from '../exit-codes.ts';
import { dataDirOf, type Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { textTable } from '../table.ts';
import { bytesText } from './byte-text.ts';
import { prepareDataDir } from './data-dir.ts';

export interface BenchLedgerFlags {
  readonly baseline?: boolean;
  /** Numbers of entries, with commas or repeated. */
  readonly history?: readonly string[];
  readonly preset: string;
  readonly wear: string;
}

/** The whole report, as `--json` prints it. */
export type LedgerReport = LedgerBench & { readonly preset: string; readonly wear: readonly Wear[] };

/** For tests: less of everything. */
export type BenchLedgerSize = Pick<LedgerBenchOptions, 'rounds' | 'entriesPerRound' | 'pacedMs' | 'pacedPerS' | 'reportsBeforeKill'> & { readonly wearHours?: number };

const FULL: BenchLedgerSize = { rounds: 5, entriesPerRound: 50_000, pacedMs: 3000, pacedPerS: 1000, reportsBeforeKill: 3000 };
const HISTORIES = [100, 10_000, 1_000_000];
const MAX_VIEW_BYTES = 64 * 1024 * 1024;
const WEAR_EVERY_S = [1, 10];
/** What an entry takes up on the disk, and what a run takes up besides, with room to spare. */
const BYTES_AN_ENTRY = 8000;
const BYTES_BESIDES = 2 * 1024 ** 3;

export async function benchLedgerCommand(io: CliIo, globals: Globals, flags: BenchLedgerFlags, size: BenchLedgerSize = FULL): Promise<number> {
  const preset = presetNamed(flags.preset);
  const method = methodNamed(flags.wear);
  const histories = historiesOf(flags.history);
  const dataDir = dataDirOf(io, globals);
  prepareDataDir(dataDir);
  requireRoom(dataDir, Math.max(...histories));
  const folder = mkdtempSync(path.join(dataDir, '.rigbrain-bench-'));
  const clear = (): void => rmSync(folder, { recursive: true, force: true });
  const stop = (): void => process.exit(EXIT.failure);
  process.on('exit', clear);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    const tell = (words: string): void => void (globals.json || io.err(`rigbrain: ${words}`));
    const kit = createLedgerKit({ ...PRESETS[preset], maxViewBytes: MAX_VIEW_BYTES });
    const bench = await benchLedger({ ...size, kit, folder, histories, baseline: flags.baseline === true, tell });
    const wear = method === null ? [] : await wearOf(path.join(folder, 'wear'), method, size.wearHours, tell);
    const report: LedgerReport = { ...bench, preset, wear };
    io.out(globals.json ? JSON.stringify(report, null, 2) : text(io, report));
  } finally {
    clear();
    process.removeListener('exit', clear);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, stop);
  }
  return EXIT.ok;
}

async function wearOf(folder: string, method: Wear['method'], hours: number | undefined, tell: (words: string) => void): Promise<Wear[]> {
  const wear: Wear[] = [];
  for (const preset of Object.keys(PRESETS) as PresetName[]) {
    for (const entryEveryS of WEAR_EVERY_S) {
      tell(`bytes a day: ${preset}, an entry every ${entryEveryS} s`);
      const report = (n: number) => reportsFrom(n, 1).next().value ?? {};
      wear.push(await measureWear({ folder, preset, entryEveryS, maxViewBytes: MAX_VIEW_BYTES, method, report, ...(hours === undefined ? {} : { hours }) }));
    }
  }
  return wear;
}

/** @throws RigError E_FLAG_INVALID */
function presetNamed(name: string): PresetName {
  if (Object.hasOwn(PRESETS, name)) return name as PresetName;
  throw new RigError('E_FLAG_INVALID', `--preset: there is no preset "${name}"`, { hint: `Use one of ${Object.keys(PRESETS).join(', ')}.` });
}

/** Null for `none`. @throws RigError E_FLAG_INVALID */
function methodNamed(name: string): Wear['method'] | null {
  if (name === 'none') return null;
  if (name === 'counted' || name === 'device') return name;
  throw new RigError('E_FLAG_INVALID', `--wear: "${name}" is no way to measure it`, { hint: 'Use counted, device (as root) or none.' });
}

/** Shortest first. @throws RigError E_FLAG_INVALID */
function historiesOf(given: readonly string[] | undefined): number[] {
  const words = given?.flatMap((one) => one.split(',')) ?? HISTORIES.map(String);
  const histories = words.map((word) => (/^\d{1,8}$/.test(word.trim()) ? Number(word) : NaN));
  if (histories.some((history) => !(history >= 1 && history <= 10_000_000))) throw new RigError('E_FLAG_INVALID', `--history: "${words.join(',')}" is not numbers of entries`, { hint: 'Write for example --history 100,10000; at most 10000000.' });
  return [...new Set(histories)].sort((a, b) => a - b);
}

/** @throws RigError E_DATA_DIR when the disk has not enough room */
function requireRoom(dataDir: string, longest: number): void {
  const { bavail, bsize } = statfsSync(dataDir);
  const wanted = longest * BYTES_AN_ENTRY + BYTES_BESIDES;
  if (bavail * bsize < wanted) throw new RigError('E_DATA_DIR', `${bytesText(wanted)} are needed in ${dataDir} for a history of ${longest} entries, and ${bytesText(bavail * bsize)} are free`, { hint: 'Choose another disk with --data DIR, or shorter histories: --history 100,10000.' });
}

function text(io: CliIo, report: LedgerReport): string {
  const head = ['history', 'entries/s', 'bytes/entry', 'fsyncs/entry', 'append p50', 'p99', 'p99.9 us', 'loop p99 ms', 'recovery ms'];
  const rows = report.engine.map(({ history, entries_per_s, bytes_per_entry, fsyncs_per_entry, append_us, event_loop_delay_ms, recovery_ms }) =>
    [history, entries_per_s, bytes_per_entry, fsyncs_per_entry, append_us.p50, append_us.p99, append_us.p999, event_loop_delay_ms.p99, recovery_ms ?? '-'].map(String),
  );
  return [
    `${report.cpu}, Node ${report.node}, load ${report.load_1m}, preset ${report.preset}`,
    ...textTable(io, head, rows),
    ...(report.flatness === null ? [] : [`longest over shortest history: ${report.flatness}`]),
    ...(report.baseline.length === 0 ? [] : ['', ...textTable(io, ['original design', 'entries/s', 'bytes/entry', 'engine: times the entries/s', 'bytes: one in'], report.baseline.map((own, index) => [own.history, own.entries_per_s, own.bytes_per_entry, report.ratios[index]?.entries_per_s ?? '-', report.ratios[index]?.bytes_per_entry ?? '-'].map(String)))]),
    ...(report.wear.length === 0 ? [] : ['', ...textTable(io, ['preset', 'an entry every', 'to the device a day', 'handed over', 'fsyncs', 'measured'], report.wear.map((one) => [one.preset, `${one.entry_every_s} s`, bytesText(one.device_bytes_per_day), bytesText(one.written_bytes_per_day), String(one.fsyncs_per_day), `${one.method}, ${one.simulated_hours} h`]))]),
  ].join('\n');
}
