/** `rigbrain bench drivers`: 16 simulated devices on ttys, mined with by the real daemon while plugs are pulled. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { benchDrivers } from '../bench/drivers/bench.ts';
import type { DriversReport, Spread } from '../bench/drivers/report.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';

export interface BenchDriversFlags {
  readonly sticks: number;
  readonly seconds: number;
  readonly seed: number;
  readonly unplug: boolean;
  readonly hunt: number;
  readonly log?: string;
}

export async function benchDriversCommand(io: CliIo, globals: Globals, flags: BenchDriversFlags): Promise<number> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-bench-'));
  const clear = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', clear);
  try {
    const report = await benchDrivers({ sticks: flags.sticks, seconds: flags.seconds, seed: flags.seed, mischief: flags.unplug, huntWorkers: flags.hunt, log: flags.log ?? null, folder, tell: (words) => void (globals.json || io.err(`rigbrain: ${words}`)) });
    io.out(globals.json ? JSON.stringify(report, null, 2) : text(report));
    return EXIT.ok;
  } finally {
    clear();
    process.removeListener('exit', clear);
  }
}

function text(report: DriversReport): string {
  const spread = (name: string, { count, p50_ms, p99_ms, max_ms }: Spread): string => `${name.padEnd(28)}p50 ${p50_ms ?? '-'} ms, p99 ${p99_ms ?? '-'} ms, worst ${max_ms ?? '-'} ms (${count})`;
  const { shares, memory } = report;
  return [
    `${report.sticks} devices, ${report.seconds} s, ${report.unplugs} plugs pulled, ${report.faults} faults; hashing at the end: ${report.hashing_at_end}`,
    ...(report.hunt === null ? [] : [`a hunt of ${report.hunt.workers} jobs at a time ran beside it: ${report.hunt.jobs_done} ended`]),
    spread('notify to last job byte', report.notify_to_wire),
    spread('nonce byte to pool socket', report.nonce_to_socket),
    `devices left alone (${report.well.join(', ')}): ${report.well_jobs_missed} jobs missed, longest wait ${report.well_worst_job_ms ?? '-'} ms`,
    `shares: ${shares.found} found, ${shares.settled} settled, ${shares.pool_accepted} accepted by the pool; lost ${shares.lost}, disagreed ${shares.disagreed}, duplicated ${shares.duplicated}`,
    `nonces: ${report.nonces_reported} left the chips, ${report.nonces_received} arrived`,
    `memory: ${memory.rss_first_mb ?? '-'} MB, at the end ${memory.rss_last_mb ?? '-'} MB (${memory.growth_percent ?? '-'} %); open files ${memory.open_files_first ?? '-'}, at the end ${memory.open_files_last ?? '-'}`,
  ].join('\n');
}
