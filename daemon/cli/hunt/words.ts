/** Hunts as a person reads them. A score never stands without its p-value and what scrambled fields have. */
import { formatDuration } from '../../telemetry/units.ts';
import type { HuntStatus, HuntTelemetry } from '../../telemetry/state.ts';
import type { GenerationSummary, HuntDetail, HuntSummary } from '../../hunt/archive-types.ts';
import type { FinalResult } from '../../hunt/final-result.ts';
import { sentinelWords } from '../../hunt/sentinels.ts';
import { textTable } from '../table.ts';
import { paint, type CliIo } from '../io.ts';

const DIGITS = 4;

/** Four significant digits; `-` = not known. */
export const figure = (value: number | null, digits = DIGITS): string => (value === null ? '-' : String(Number(value.toPrecision(digits))));

export const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** `generation 3 (4 of 10): best SSE 3.41 (p 0.06), median 3.9 (p 0.5); scrambled fields 3.95; h-norm 0.0012, median 0.003; 10 jobs, 1 failed` */
export function generationLine(g: GenerationSummary, generations: number): string {
  const head = `generation ${g.generation} (${g.generation + 1} of ${generations})`;
  const jobs = `${plural(g.jobs, 'job')}${g.failed === 0 ? '' : `, ${g.failed} failed`}`;
  if (g.best_sse === null) return `${head}: no score; ${jobs}`;
  return `${head}: best SSE ${figure(g.best_sse)} (p ${figure(g.best_sse_p_value, 2)}), median ${figure(g.median_sse)} (p ${figure(g.median_p_value, 2)}); scrambled fields ${figure(g.median_null_sse)}; h-norm ${figure(g.best_h_norm)}, median ${figure(g.median_h_norm)}; ${jobs}`;
}

const AT_WORK: Partial<Record<HuntStatus, string>> = { pausing: 'pausing', paused: 'PAUSED', stopping: 'stopping' };

/** One line that moves. */
export function statusLine(t: HuntTelemetry): string {
  const total = t.jobs_total;
  const proving = total !== null && t.jobs_done >= total;
  const done = total === null || total === 0 ? null : Math.min(1, (t.jobs_done + (proving ? 0 : t.running.reduce((sum, job) => sum + job.done, 0))) / total);
  const parts = [
    AT_WORK[t.status],
    proving ? 'the best run on fresh seeds' : t.generation === null ? null : `generation ${t.generation + 1}/${t.generations ?? '?'}`,
    total === null ? null : `${t.jobs_done}/${total} jobs`,
    done === null || proving ? null : `${Math.floor(100 * done)} %`,
    proving ? null : `ETA ${t.eta_secs === null ? '-' : formatDuration(t.eta_secs)}`,
    t.last_sse === null ? null : `last SSE ${figure(t.last_sse)} (p ${figure(t.last_p_value, 2)})`,
    t.jobs_failed === 0 ? null : `${t.jobs_failed} failed`,
  ];
  return parts.filter((part) => part !== null && part !== undefined).join('  ');
}

/** Of `hunt status`: the hunt under way or the last one. */
export function summaryLines(io: CliIo, summary: HuntSummary, live: HuntTelemetry | null, where: string): string[] {
  const { generations_done, generations, population, jobs_done, jobs_failed, best } = summary;
  // The folder knows only that nobody runs it; who ran it knows that it failed, and why.
  const hasFailed = live?.status === 'failed';
  const status = hasFailed ? 'failed' : summary.status;
  return [
    `hunt         ${summary.hunt_id}  ${paintStatus(io, status)}${where}`,
    `begun        ${summary.created_utc}`,
    `generations  ${generations_done} of ${generations}, ${plural(population, 'job')} each`,
    `jobs         ${jobs_done} ended, ${jobs_failed} failed`,
    ...(live === null || hasFailed ? [] : [`now          ${statusLine(live)}`]),
    ...(live?.last_event && !hasFailed ? [`last event   ${live.last_event}`] : []),
    ...(live?.reason ? [`reason       ${live.reason}`] : []),
    best === null ? 'fittest      no run has a score' : `fittest      SSE ${figure(best.log_prime_sse)} (p ${figure(best.p_value, 2)}), h-norm ${figure(best.sdg_h_norm_l2)}, fitness ${figure(best.fitness)}, generation ${best.generation}: \`rigbrain hunt best\` says what that amounts to`,
  ];
}

const paintStatus = (io: CliIo, status: HuntStatus): string => paint(io, status === 'failed' ? 'red' : status === 'completed' ? 'green' : status === 'running' ? 'bold' : 'yellow', status);

export function huntTable(io: CliIo, hunts: readonly HuntSummary[]): string[] {
  const rows = hunts.map((h) => [h.hunt_id, h.status, h.created_utc.slice(0, 16), `${h.generations_done}/${h.generations}`, String(h.jobs_done), figure(h.best?.log_prime_sse ?? null), figure(h.best?.p_value ?? null, 2), h.has_golden ? 'yes' : 'no']);
  return textTable(io, ['HUNT', 'STATUS', 'BEGUN', 'GEN', 'JOBS', 'BEST SSE', 'P', 'GOLDEN'], rows, 3);
}

/** Of `hunt best`. */
export function bestLines(io: CliIo, { summary, golden, settings }: HuntDetail, best: FinalResult, folder: string): string[] {
  const { reevaluation, verdict } = best;
  const percent = (value: number | null): string => (value === null ? 'unknown' : value.toPrecision(2));
  const parameters = { ...best.sncgl_params, ...best.sdg_params };
  const searched = new Set(Object.keys(settings.bounds));
  return [
    `hunt         ${summary.hunt_id}  ${summary.status}, ${summary.generations_done} of ${summary.generations} generations, ${plural(summary.jobs_done, 'job')}, ${summary.jobs_failed} failed`,
    `best run     ${best.job_uuid}  generation ${best.generation}, fitness ${figure(best.fitness)}`,
    ...(summary.best === null || summary.best.job_uuid === best.job_uuid ? [] : [`passed over  ${summary.best.job_uuid}  generation ${summary.best.generation}, fitness ${figure(summary.best.fitness)}, SSE ${figure(summary.best.log_prime_sse)} (p ${figure(summary.best.p_value, 2)}): it had no score on every fresh seed`]),
    `score        log_prime_sse ${figure(best.log_prime_sse)}; scrambled fields have ${figure(best.sse_null_phase_scramble)}, random targets ${figure(best.sse_null_target_shuffle)} (medians)`,
    `p-value      ${figure(best.p_value, 2)} against scrambled fields (${percent(verdict.p_best_of_many)} as the best of all runs), ${figure(best.p_value_target_shuffle, 2)} against random targets`,
    `geometry     sdg_h_norm_l2 ${figure(best.sdg_h_norm_l2)} at dt ${best.simulation.dt}; to be compared at this dt only`,
    reevaluation === null ? 'fresh seeds  not tried' : `fresh seeds  ${reevaluation.seeds.filter(({ sentinel_code }) => sentinel_code === 0).length} of ${reevaluation.seeds.length} have a score; medians: log_prime_sse ${figure(reevaluation.log_prime_sse)}, p-value ${figure(reevaluation.p_value, 2)}, h-norm ${figure(reevaluation.sdg_h_norm_l2)}`,
    `verdict      ${paint(io, verdict.kind === 'better_than_noise' ? 'green' : 'yellow', verdict.words)}`,
    `parameters   ${best.simulation.dim}-D, N_grid ${best.simulation.N_grid}, L_domain ${best.simulation.L_domain}, ${best.simulation.T_steps} steps; * = searched`,
    ...Object.entries(parameters).map(([name, value]) => `  ${searched.has(name) ? '*' : ' '} ${name.padEnd(18)} ${value}`),
    `files        ${folder}${golden === null ? '; no golden.json: no champion had a score on every fresh seed, or none was tried' : ''}`,
  ];
}

/** How jobs ended, most frequent first: `3 \u00d7 no structure (code 997)`. */
export function causes(rows: readonly { readonly sentinel_code: number | null }[]): string {
  const times = new Map<string, number>();
  for (const { sentinel_code: code } of rows) if (code !== null) times.set(sentinelWords(code), (times.get(sentinelWords(code)) ?? 0) + 1);
  return [...times].sort(([, a], [, b]) => b - a).map(([words, count]) => `${count} \u00d7 ${words}`).join(', ');
}
