/** One hunt as its journal tells it, kept up to date record by record: a look costs what is looked at, not what the hunt has. */
import type { HuntBest } from '../telemetry/state.ts';
import { GOLDEN_ATTEMPTS } from './golden.ts';
import type { GenerationSummary, HuntSummary, HuntTableRow, RowOrder } from './archive-types.ts';
import { Ranking } from './ranking.ts';
import { HuntRecord, type HuntEntry, type HuntRow, type RowListener } from './record.ts';
import { median } from './validator/log-prime.ts';

type ScoreOrder = Exclude<RowOrder, 'made' | 'newest'>;

/** What is best comes first. */
const KEY_OF: Readonly<Record<ScoreOrder, (row: HuntRow) => number | null>> = {
  // Without a score there is no fitness, whatever number stands there; re-evaluations are judges, and no candidates.
  fitness: ({ job, result }) => (result === null || result.fitness <= 0 || job.origin === 'reevaluation' ? null : -result.fitness),
  log_prime_sse: ({ result }) => result?.log_prime_sse ?? null,
  sdg_h_norm_l2: ({ result }) => result?.sdg_h_norm_l2 ?? null,
  p_value: ({ result }) => result?.p_value ?? null,
};

export class HuntView {
  readonly record: HuntRecord;
  readonly #rankings = new Map<ScoreOrder, Ranking>();
  /** Places of the rows of each generation, without the re-evaluations. */
  readonly #generations: { readonly places: number[]; summary: GenerationSummary | null }[] = [];
  /** Places of the re-evaluations of a row, by its uuid. */
  readonly #judges = new Map<string, number[]>();
  #best: HuntRow | null = null;
  #done = 0;
  #failed = 0;
  #pending = 0;

  constructor() {
    const listener: RowListener = { added: (place) => this.#added(place), ended: (place) => this.#ended(place) };
    this.record = new HuntRecord(listener);
  }

  apply(entry: HuntEntry): void {
    this.record.apply(entry);
  }

  /** Jobs that have ended; those that prove a champion are not among them, here and in what follows. */
  get jobsDone(): number {
    return this.#done;
  }

  get jobsFailed(): number {
    return this.#failed;
  }

  /** All its generations have ended, and it is known whether one of them is golden. */
  get isComplete(): boolean {
    const { target, generations, settings, rows } = this.record;
    if (target === 0 || generations < target || this.#pending > 0) return false;
    if (settings.golden_seeds === 0) return true;
    for (const place of this.#ranking('fitness').slice(0, GOLDEN_ATTEMPTS)) {
      if (KEY_OF.fitness(rows[place]!) === null) return true;
      const judges = this.#judges.get(rows[place]!.job.job_uuid);
      if (judges === undefined) return false;
      if (judges.every((judge) => rows[judge]!.result?.sentinel_code === 0)) return true;
    }
    return true;
  }

  get best(): HuntBest | null {
    return this.#best === null ? null : bestOf(this.#best);
  }

  summary(of: Pick<HuntSummary, 'folder' | 'status' | 'has_golden'>): HuntSummary {
    const { huntId, createdUtc, settings, target, generations } = this.record;
    const last = this.#generations[generations - 1];
    const isLastOpen = last !== undefined && last.places.some((place) => this.record.rows[place]!.result === null);
    return {
      hunt_id: huntId,
      ...of,
      created_utc: createdUtc,
      generations_done: isLastOpen ? generations - 1 : generations,
      generations: target,
      population: settings.population_size,
      jobs_done: this.#done,
      jobs_failed: this.#failed,
      best: this.best,
    };
  }

  rows({ offset, limit, order }: { readonly offset: number; readonly limit: number; readonly order: RowOrder }): { readonly total: number; readonly rows: readonly HuntTableRow[] } {
    const { rows } = this.record;
    const total = rows.length;
    const to = Math.min(total, offset + limit);
    const numbers = (): number[] => Array.from({ length: Math.max(0, to - offset) }, (_, i) => offset + i);
    const places = order === 'made' ? numbers() : order === 'newest' ? numbers().map((place) => total - 1 - place) : this.#ranking(order).slice(offset, to);
    return { total, rows: places.map((place) => tableRow(rows[place]!)) };
  }

  generations(): GenerationSummary[] {
    return this.#generations.map((generation, number) => (generation.summary ??= summaryOf(number, generation.places.map((place) => this.record.rows[place]!))));
  }

  #ranking(order: ScoreOrder): Ranking {
    let ranking = this.#rankings.get(order);
    if (ranking === undefined) {
      ranking = new Ranking(this.record.rows.map(KEY_OF[order]));
      this.#rankings.set(order, ranking);
    }
    return ranking;
  }

  #added(place: number): void {
    this.#pending++;
    for (const ranking of this.#rankings.values()) ranking.add(null);
    const { job } = this.record.rows[place]!;
    if (job.origin === 'reevaluation') {
      const judges = this.#judges.get(job.parent_1!);
      if (judges === undefined) this.#judges.set(job.parent_1!, [place]);
      else judges.push(place);
      return;
    }
    const generation = (this.#generations[job.generation] ??= { places: [], summary: null });
    generation.places.push(place);
    generation.summary = null;
  }

  #ended(place: number): void {
    const row = this.record.rows[place]!;
    this.#pending--;
    for (const [order, ranking] of this.#rankings) ranking.change(place, KEY_OF[order](row));
    if (row.job.origin === 'reevaluation') return;
    this.#generations[row.job.generation]!.summary = null;
    this.#done++;
    if (row.result!.status === 'failed') this.#failed++;
    if (row.result!.fitness > (this.#best?.result?.fitness ?? 0)) this.#best = row;
  }
}

/** In short; of a row with a result. */
export function bestOf({ job, result }: HuntRow): HuntBest {
  const { fitness, log_prime_sse, sdg_h_norm_l2, p_value } = result!;
  return { job_uuid: job.job_uuid, generation: job.generation, fitness, log_prime_sse, sdg_h_norm_l2, p_value };
}

function tableRow({ job, genes, result }: HuntRow): HuntTableRow {
  return {
    job_uuid: job.job_uuid,
    generation: job.generation,
    origin: job.origin,
    status: result?.status ?? 'pending',
    sentinel_code: result?.sentinel_code ?? null,
    fitness: result?.fitness ?? null,
    log_prime_sse: result?.log_prime_sse ?? null,
    sdg_h_norm_l2: result?.sdg_h_norm_l2 ?? null,
    sse_null_phase_scramble: result?.sse_null_phase_scramble ?? null,
    sse_null_target_shuffle: result?.sse_null_target_shuffle ?? null,
    p_value: result?.p_value ?? null,
    global_seed: job.global_seed,
    parent_1: job.parent_1,
    parent_2: job.parent_2,
    created_utc: result?.created_utc ?? null,
    genes: genes as Readonly<Record<string, number>>,
  };
}

function summaryOf(generation: number, rows: readonly HuntRow[]): GenerationSummary {
  const ended = rows.flatMap(({ result }) => (result === null ? [] : [result]));
  const scored = ended.filter(({ log_prime_sse }) => log_prime_sse !== null);
  const values = (of: (result: (typeof ended)[number]) => number | null): number[] => scored.map(of).filter((value) => value !== null);
  const middle = (of: (result: (typeof ended)[number]) => number | null): number | null => (values(of).length === 0 ? null : median(values(of)));
  const least = (of: (result: (typeof ended)[number]) => number | null): number | null => values(of).reduce<number | null>((best, value) => (best === null || value < best ? value : best), null);
  const bestSse = least((result) => result.log_prime_sse);
  return {
    generation,
    jobs: rows.length,
    done: ended.length,
    failed: ended.filter(({ status }) => status === 'failed').length,
    best_fitness: scored.reduce<number | null>((best, { fitness }) => (best === null || fitness > best ? fitness : best), null),
    best_sse: bestSse,
    median_sse: middle((result) => result.log_prime_sse),
    best_h_norm: least((result) => result.sdg_h_norm_l2),
    median_h_norm: middle((result) => result.sdg_h_norm_l2),
    best_sse_p_value: scored.find(({ log_prime_sse }) => log_prime_sse === bestSse)?.p_value ?? null,
    median_p_value: middle((result) => result.p_value),
    median_null_sse: middle((result) => result.sse_null_phase_scramble),
  };
}
