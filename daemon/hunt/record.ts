import { geneNames, type Genes, genesKey } from './genes.ts';
import type { HuntJob } from './job.ts';
import type { Provenance } from './provenance.ts';
import type { HuntSettings } from './settings.ts';

/** A job and what came of it. */
export interface HuntRow {
  readonly job: HuntJob;
  readonly genes: Genes;
  readonly result: HuntResult | null;
}

export interface HuntResult {
  readonly status: Provenance['status'];
  readonly sentinel_code: number;
  readonly fitness: number;
  readonly log_prime_sse: number | null;
  readonly sdg_h_norm_l2: number | null;
  readonly sse_null_phase_scramble: number | null;
  readonly sse_null_target_shuffle: number | null;
  readonly p_value: number | null;
  readonly created_utc: string;
}
export type FinishedRow = HuntRow & { readonly result: HuntResult };

/** What a person may change while a hunt runs; it counts from the next generation on. */
export interface Steering {
  readonly crossover_rate?: number;
  readonly mutation_rate?: number;
  readonly mutation_strength?: number;
  /** Values to try in the next generation; what is left out is the best run's, or the middle of the range. */
  readonly inject?: readonly Genes[];
}

/** What a line of a hunt's journal may say. */
export type HuntEntry =
  | { readonly type: 'hunt'; readonly hunt_id: string; readonly created_utc: string; readonly settings: HuntSettings }
  | { readonly type: 'target'; readonly generations: number }
  | { readonly type: 'steer'; readonly steering: Steering }
  | { readonly type: 'jobs'; readonly jobs: readonly HuntJob[]; readonly golden: boolean }
  | { readonly type: 'result'; readonly job_uuid: string; readonly result: HuntResult };

type Rates = Pick<HuntSettings, 'crossover_rate' | 'mutation_rate' | 'mutation_strength'>;

/** Told of rows as they come and change; `place` is the row's number in the order they were made. */
export interface RowListener {
  added(place: number): void;
  ended(place: number): void;
}

/** What a hunt's journal amounts to: the same for whoever runs the hunt and whoever reads along. */
export class HuntRecord {
  readonly rows: HuntRow[] = [];
  /** `genesKey` of all that were tried. */
  readonly known = new Set<string>();
  readonly #places = new Map<string, number>();
  readonly #listener: RowListener | null;
  #begun: Extract<HuntEntry, { type: 'hunt' }> | null = null;
  #rates: Rates | null = null;
  #injected: Genes[] = [];
  #target = 0;
  #generations = 0;

  constructor(listener: RowListener | null = null) {
    this.#listener = listener;
  }

  /** Empty until its first entry. */
  get huntId(): string {
    return this.#begun?.hunt_id ?? '';
  }

  get createdUtc(): string {
    return this.#begun?.created_utc ?? '';
  }

  /** Only once there is a first entry. */
  get settings(): HuntSettings {
    return this.#begun!.settings;
  }

  /** What the next generation is bred with: the settings, and what they were steered to. */
  get breeding(): HuntSettings {
    return { ...this.settings, ...this.#rates };
  }

  /** Given by a person and not tried yet. */
  get injected(): readonly Genes[] {
    return this.#injected;
  }

  /** Generations the hunt is to have in all. */
  get target(): number {
    return this.#target;
  }

  /** Generations that were begun. */
  get generations(): number {
    return this.#generations;
  }

  row(jobUuid: string): HuntRow | undefined {
    const place = this.#places.get(jobUuid);
    return place === undefined ? undefined : this.rows[place];
  }

  apply(entry: HuntEntry): void {
    switch (entry.type) {
      case 'hunt':
        this.#begun = entry;
        break;
      case 'target':
        this.#target = entry.generations;
        break;
      case 'steer': {
        const { inject = [], ...rates } = entry.steering;
        this.#rates = { ...this.settings, ...this.#rates, ...rates };
        this.#injected.push(...inject);
        break;
      }
      case 'jobs':
        for (const job of entry.jobs) this.#add(job);
        if (!entry.golden) {
          this.#generations++;
          this.#injected = this.#injected.slice(entry.jobs.filter(({ origin }) => origin === 'steered').length);
        }
        break;
      case 'result': {
        const place = this.#places.get(entry.job_uuid);
        if (place === undefined) break;
        this.rows[place] = { ...this.rows[place]!, result: entry.result };
        this.#listener?.ended(place);
        break;
      }
    }
  }

  #add(job: HuntJob): void {
    const values = { ...job.sncgl_params, ...job.sdg_params } as Genes;
    const genes = Object.fromEntries(geneNames(this.settings.bounds).map((gene) => [gene, values[gene]!])) as Genes;
    this.known.add(genesKey(genes));
    this.#places.set(job.job_uuid, this.rows.length);
    this.rows.push({ job, genes, result: null });
    this.#listener?.added(this.rows.length - 1);
  }
}
