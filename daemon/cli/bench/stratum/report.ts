/** What a bench of the LAN pool has to tell; the keys stay as they are, for what reads them. */
import type { Spread } from '../../../../bench/stratum/load.ts';
import type { FanOutFigures, LoadLook, SubmitAnswer } from './load-child.ts';
import { WANTED } from './options.ts';
import { cpuPercent, type ProcessCost } from './process-cost.ts';

/** One rate that was tried. */
export interface Step {
  readonly offered_per_s: number;
  readonly sent_per_s: number;
  readonly submits_per_s: number;
  readonly answer_ms: Spread;
  readonly rejected: number;
  readonly unanswered: number;
  /** Of one processor. */
  readonly server_cpu_percent: number | null;
  readonly load_cpu_percent: number | null;
  /** All answered in time, and the load was able to send what it should. */
  readonly held: boolean;
}

export interface IdleFigures {
  readonly clients: number;
  readonly joined_ms: number;
  readonly rss_before_mb: number | null;
  readonly rss_mb: number | null;
  readonly rss_peak_mb: number | null;
  readonly kb_per_client: number | null;
  readonly server_cpu_percent: number | null;
  readonly notify_fanout_ms: FanOutFigures;
}

export interface StratumReport {
  readonly clients: number;
  /** Answers "accepted" a second, kept up for `seconds`. */
  readonly submits_per_s: number;
  /** From a miner's write to its read of the answer. */
  readonly answer_ms: Spread;
  /** From the pool's write to the read of the last miner, while shares are submitted; `under_submits_per_s` of them. */
  readonly notify_fanout_ms: FanOutFigures & { readonly under_submits_per_s: number };
  /** Memory of the daemon with 10,000 miners that do nothing, 10^6 bytes; null when another number was tried. */
  readonly rss_mb_idle_10k: number | null;
  readonly limits: Readonly<Record<'submits_per_s' | 'answer_p99_ms' | 'notify_fanout_p99_ms' | 'rss_mb_idle_10k', { readonly wanted: number; readonly met: boolean | null }>>;
  readonly seconds: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly rejected_by_reason: Readonly<Record<string, number>>;
  readonly unanswered: number;
  /** The same job without any submits. */
  readonly quiet_notify_fanout_ms: FanOutFigures;
  readonly joined_ms: number;
  /** Shares that met the pool's difficulty too: what the pool above made of them. */
  readonly passed_on: LoadLook['pool'];
  readonly connections_lost: readonly string[];
  readonly server_cpu_percent: number | null;
  readonly load_cpu_percent: number | null;
  readonly steps: readonly Step[];
  readonly idle: IdleFigures | null;
  /** Processors that server and load were kept on; null = on any. */
  readonly server_cpu: number | null;
  readonly load_cpu: number | null;
  readonly cpu: string;
  readonly node: string;
  readonly load_1m: number;
}

export interface Costs {
  readonly server: ProcessCost | null;
  readonly load: ProcessCost | null;
}

/** @param offered submits a second that were to be sent */
export function stepOf(offered: number, answer: SubmitAnswer, before: Costs, after: Costs): Step {
  const { figures } = answer;
  if (figures === null) throw new Error('the load sent no submits');
  const { sent_per_s, accepted_per_s, answer_ms, rejected, unanswered, seconds } = figures;
  return {
    offered_per_s: offered,
    sent_per_s,
    submits_per_s: accepted_per_s,
    answer_ms,
    rejected,
    unanswered,
    server_cpu_percent: cpuPercent(before.server, after.server, seconds),
    load_cpu_percent: cpuPercent(before.load, after.load, seconds),
    held: sent_per_s >= offered * 0.95 && rejected === 0 && unanswered === 0 && (answer_ms.p99 ?? Infinity) < WANTED.answer_p99_ms,
  };
}

/**
 * Whether what was measured is what is wanted; null = not measured.
 * @param rate submits a second that were asked for; null = as many as can be
 */
export function limitsOf(submitsPerS: number, answer: Spread, fanOut: FanOutFigures, idleMb: number | null, rate: number | null = null): StratumReport['limits'] {
  const enough = submitsPerS >= WANTED.submits_per_s;
  return {
    // Where no more was asked for, nobody knows.
    submits_per_s: { wanted: WANTED.submits_per_s, met: enough || rate === null || rate > WANTED.submits_per_s * 1.05 ? enough : null },
    answer_p99_ms: { wanted: WANTED.answer_p99_ms, met: answer.p99 === null ? null : answer.p99 < WANTED.answer_p99_ms },
    notify_fanout_p99_ms: { wanted: WANTED.fanout_p99_ms, met: fanOut.missed > 0 ? false : fanOut.p99 === null ? null : fanOut.p99 < WANTED.fanout_p99_ms },
    rss_mb_idle_10k: { wanted: WANTED.idle_rss_mb, met: idleMb === null ? null : idleMb <= WANTED.idle_rss_mb },
  };
}
