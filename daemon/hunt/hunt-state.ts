import type { Clock } from '../../protocol/common/clock.ts';
import type { HuntBest, HuntStatus, HuntTelemetry } from '../telemetry/state.ts';
import type { HuntDetail } from './archive-types.ts';
import type { Golden } from './golden.ts';
import type { HuntEvent } from './hunt.ts';
import type { Hunter } from './hunter.ts';
import type { HuntJob } from './job.ts';
import { bestOf } from './hunt-view.ts';
import { Pace } from './pace.ts';
import type { HuntRow } from './record.ts';
import { sentinelWords } from './sentinels.ts';

/** Part of a job that its simulation is; the rest is the validation. */
const SIMULATION_PART = 0.9;

interface Running {
  readonly job: HuntJob;
  /** Of the simulation, 0..1. */
  done: number;
}

/** The state of one hunt as others see it, kept up to date by its events: a look costs the same however many jobs it has. */
export class HuntState {
  readonly engine: HuntTelemetry['engine'];
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #running = new Map<string, Running>();
  #status: HuntStatus = 'idle';
  #reason: string | null = null;
  #huntId: string | null = null;
  #generation: number | null = null;
  #generations: number | null = null;
  #population: number | null = null;
  #goldenSeeds = 0;
  /** Re-evaluations without a result; null = it is not known yet who will have to prove himself. */
  #judging: number | null = null;
  #done = 0;
  #failed = 0;
  #total = 0;
  #startedAt: number | null = null;
  #endedAt: number | null = null;
  #lastEvent: string | null = null;
  #lastEventAt: number | null = null;
  #last: HuntRow | null = null;
  #best: HuntBest | null = null;
  #golden: HuntTelemetry['golden'] = null;

  constructor(engine: HuntTelemetry['engine'], clock: Clock) {
    this.engine = engine;
    this.#clock = clock;
    this.#pace = new Pace(clock);
  }

  /** Of a hunt that is about to run. */
  static of(hunter: Hunter, golden: Golden | null, engine: HuntTelemetry['engine'], clock: Clock): HuntState {
    const state = new HuntState(engine, clock);
    state.#huntId = hunter.huntId;
    state.#population = hunter.settings.population_size;
    state.#goldenSeeds = hunter.settings.golden_seeds;
    state.#startedAt = clock.now();
    for (const row of hunter.rows) state.#count(row);
    state.#golden = golden === null ? null : shortOf(golden);
    state.setTarget(hunter);
    return state;
  }

  /** Of one on the disk that nobody runs. */
  static ofArchived({ summary, settings, golden, generations }: HuntDetail, engine: HuntTelemetry['engine'], clock: Clock): HuntState {
    const state = new HuntState(engine, clock);
    state.#status = summary.status;
    state.#huntId = summary.hunt_id;
    state.#generation = generations.length === 0 ? null : generations.length - 1;
    state.#generations = summary.generations;
    state.#population = summary.population;
    state.#total = generations.reduce((sum, { jobs }) => sum + jobs, 0) + Math.max(0, summary.generations - generations.length) * settings.population_size;
    state.#done = summary.jobs_done;
    state.#failed = summary.jobs_failed;
    state.#startedAt = Date.parse(summary.created_utc);
    state.#best = summary.best;
    state.#golden = golden === null ? null : shortOf(golden);
    return state;
  }

  /** After its number of generations was set. */
  setTarget(hunter: Hunter): void {
    this.#generations = hunter.targetGenerations;
    const made = hunter.rows.reduce((sum, { job }) => sum + (job.origin === 'reevaluation' ? 0 : 1), 0);
    this.#generation = hunter.rows.findLast(({ job }) => job.origin !== 'reevaluation')?.job.generation ?? null;
    this.#total = made + Math.max(0, hunter.targetGenerations - (this.#generation ?? -1) - 1) * hunter.settings.population_size;
    const judges = hunter.rows.filter(({ job }) => job.origin === 'reevaluation');
    this.#judging = judges.length === 0 || this.#done < this.#total ? null : judges.filter(({ result }) => result === null).length;
  }

  /** @param reason why it failed or stopped */
  enter(status: HuntStatus, reason: string | null): void {
    this.#status = status;
    this.#reason = reason;
    if (status === 'running' || status === 'pausing') this.#pace.run();
    else this.#pace.rest();
    const isOver = status === 'completed' || status === 'stopped' || status === 'failed';
    this.#endedAt = isOver ? this.#clock.now() : null;
    if (isOver) this.#running.clear();
    this.#note(`hunt ${status}${reason === null ? '' : `: ${reason}`}`);
  }

  apply(event: HuntEvent): void {
    switch (event.kind) {
      case 'generation':
        this.#generation = event.generation;
        this.#note(`generation ${event.generation} of ${this.#generations ?? '?'} begun: ${event.jobs.length} jobs`);
        break;
      case 'job-started':
        this.#running.set(event.job.job_uuid, { job: event.job, done: 0 });
        if (event.job.origin === 'reevaluation') this.#judging ??= this.#goldenSeeds;
        break;
      case 'job-progress': {
        const running = this.#running.get(event.job.job_uuid);
        if (running !== undefined) running.done = event.progress.totalSteps > 0 ? Math.min(1, event.progress.steps / event.progress.totalSteps) : 0;
        break;
      }
      case 'job-ended': {
        const { row } = event;
        this.#running.delete(row.job.job_uuid);
        this.#pace.ended();
        this.#count(row);
        if (row.job.origin === 'reevaluation' && this.#judging !== null) this.#judging = Math.max(0, this.#judging - 1);
        this.#note(rowWords(row));
        break;
      }
      case 'golden':
        this.#golden = shortOf(event.golden);
        this.#note(`golden run: job ${event.golden.source_job_uuid.slice(0, 8)}, ${event.golden.reevaluation.is_significant ? 'better than scrambled fields on fresh seeds' : 'on fresh seeds no better than scrambled fields'}`);
        break;
      case 'state':
        break;
    }
  }

  /** @param waiting why no job gets on although it runs; null = nothing is amiss */
  snapshot(waiting: string | null): HuntTelemetry {
    const underWay = [...this.#running.values()].reduce((sum, { done }) => sum + SIMULATION_PART * done, 0);
    const left = Math.max(0, this.#total - this.#done) + (this.#judging ?? this.#goldenSeeds);
    const isRunning = this.#status === 'running' || this.#status === 'pausing';
    return {
      status: this.#status,
      reason: this.#reason ?? (isRunning ? waiting : null),
      hunt_id: this.#huntId,
      engine: this.engine,
      generation: this.#generation,
      generations: this.#generations,
      population: this.#population,
      jobs_total: this.#huntId === null ? null : this.#total,
      jobs_done: this.#done,
      jobs_failed: this.#failed,
      running: [...this.#running.values()].map(({ job, done }) => ({ job_uuid: job.job_uuid, generation: job.generation, step: done >= 1 ? 'validate' : 'simulate', done: SIMULATION_PART * done })),
      eta_secs: isRunning ? this.#pace.eta(left, underWay) : null,
      started_at: this.#startedAt,
      ended_at: this.#endedAt,
      last_event: this.#lastEvent,
      last_event_at: this.#lastEventAt,
      last_sse: this.#last?.result?.log_prime_sse ?? null,
      last_h_norm: this.#last?.result?.sdg_h_norm_l2 ?? null,
      last_p_value: this.#last?.result?.p_value ?? null,
      best: this.#best,
      golden: this.#golden,
    };
  }

  #count(row: HuntRow): void {
    if (row.result === null) return;
    this.#last = row;
    if (row.job.origin === 'reevaluation') return;
    this.#done++;
    if (row.result.status === 'failed') this.#failed++;
    if (row.result.fitness > (this.#best?.fitness ?? 0)) this.#best = bestOf(row);
  }

  #note(text: string): void {
    this.#lastEvent = text;
    this.#lastEventAt = this.#clock.now();
  }
}

/** A job that ended, for a person: no score without its p-value. */
export function rowWords({ job, result }: HuntRow): string {
  const name = `job ${job.job_uuid.slice(0, 8)} (generation ${job.generation}${job.origin === 'reevaluation' ? ', fresh seed' : ''})`;
  if (result === null) return `${name}: pending`;
  if (result.log_prime_sse === null || result.status === 'failed') return `${name} failed: ${sentinelWords(result.sentinel_code)}`;
  return `${name}: SSE ${result.log_prime_sse.toPrecision(4)}, p ${result.p_value === null ? 'unknown' : result.p_value.toPrecision(2)}, h-norm ${result.sdg_h_norm_l2 === null ? 'unknown' : result.sdg_h_norm_l2.toPrecision(3)}`;
}

function shortOf({ source_job_uuid, reevaluation: { log_prime_sse, sdg_h_norm_l2, p_value, is_stable, is_significant } }: Golden): NonNullable<HuntTelemetry['golden']> {
  return { source_job_uuid, log_prime_sse, sdg_h_norm_l2, p_value, is_stable, is_significant };
}
