/** `rigbrain bench stratum`: the LAN pool of the real daemon under a load of miners. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { benchStratum } from '../bench/stratum/bench.ts';
import { WANTED } from '../bench/stratum/options.ts';
import type { StratumReport } from '../bench/stratum/report.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';

export interface BenchStratumFlags {
  readonly clients: number;
  readonly seconds: number;
  readonly idle: number;
  readonly rate?: number;
  readonly log?: string;
  readonly profile?: string;
}

export async function benchStratumCommand(io: CliIo, globals: Globals, flags: BenchStratumFlags): Promise<number> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-bench-'));
  // What a process of this bench was writing when it was killed may still be on its way.
  const clear = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  const stop = (): void => process.exit(EXIT.failure);
  process.once('exit', clear);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    const { clients, seconds, idle, rate = null, log = null, profile } = flags;
    const nodeOptions = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${path.resolve(io.cwd, profile)}`];
    const report = await benchStratum({ clients, seconds, idle, rate, log, nodeOptions, folder, tell: (words) => void (globals.json || io.err(`rigbrain: ${words}`)) });
    io.out(globals.json ? JSON.stringify(report, null, 2) : stratumText(report));
    return EXIT.ok;
  } finally {
    clear();
    process.removeListener('exit', clear);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, stop);
  }
}

export function stratumText(report: StratumReport): string {
  const { answer_ms: answer, notify_fanout_ms: fanOut, quiet_notify_fanout_ms: quiet, idle, limits, passed_on: passedOn } = report;
  const against = (limit: { wanted: number; met: boolean | null }, words: string): string => (limit.met === null ? '' : ` (${limit.met ? 'meets' : 'MISSES'} ${words} ${limit.wanted})`);
  const where = report.server_cpu === null ? 'server and load share the processors' : `server on CPU ${report.server_cpu}, load on CPU ${report.load_cpu}`;
  return [
    `${report.cpu}, Node ${report.node}, load ${report.load_1m}, ${where}`,
    `${report.clients} miners: ${report.submits_per_s} checked submits/s for ${report.seconds} s${against(limits.submits_per_s, 'at least')}; server ${report.server_cpu_percent ?? '-'} %, load ${report.load_cpu_percent ?? '-'} % of a processor`,
    `answers: p50 ${answer.p50 ?? '-'} ms, p99 ${answer.p99 ?? '-'} ms, worst ${answer.max ?? '-'} ms${against(limits.answer_p99_ms, 'p99 below')}`,
    `shares: ${report.accepted} accepted, ${report.rejected} rejected, ${report.unanswered} unanswered; passed on: ${passedOn.accepted} accepted, rejected ${JSON.stringify(passedOn.rejected_by_reason)}`,
    `job from pool to last miner, under ${fanOut.under_submits_per_s} submits/s: p50 ${fanOut.p50 ?? '-'} ms, p99 ${fanOut.p99 ?? '-'} ms (${fanOut.notifies} jobs)${against(limits.notify_fanout_p99_ms, 'p99 below')}; without: p99 ${quiet.p99 ?? '-'} ms`,
    idle === null ? 'memory: not measured' : `${idle.clients} idle miners: ${idle.rss_mb ?? '-'} MB, peak ${idle.rss_peak_mb ?? '-'} MB, without miners ${idle.rss_before_mb ?? '-'} MB${against(limits.rss_mb_idle_10k, 'at most')}; ${idle.server_cpu_percent ?? '-'} % of a processor`,
    ...(report.connections_lost.length === 0 ? [] : [`connections lost: ${report.connections_lost.join('; ')}`]),
    ...(report.clients < 1000 ? [`The figures wanted are for 1000 miners and ${WANTED.idle_clients} idle ones.`] : []),
  ].join('\n');
}
