/** What is told of hunts on the disk; the same for one that runs. Times are ISO 8601, `null` = not known. */
import type { HuntBest, HuntStatus } from '../telemetry/state.ts';
import type { Golden } from './golden.ts';
import type { Origin } from './job.ts';
import type { HuntSettings } from './settings.ts';

export interface HuntSummary {
  readonly hunt_id: string;
  /** Name of its folder. */
  readonly folder: string;
  readonly created_utc: string;
  /** A hunt on the disk that nobody runs is `stopped`, or `completed` when all its generations have ended. */
  readonly status: HuntStatus;
  readonly generations_done: number;
  readonly generations: number;
  readonly population: number;
  readonly jobs_done: number;
  readonly jobs_failed: number;
  readonly best: HuntBest | null;
  readonly has_golden: boolean;
}

/** A line of `simulation_ledger.csv`. */
export interface HuntTableRow {
  readonly job_uuid: string;
  readonly generation: number;
  readonly origin: Origin;
  readonly status: 'pending' | 'ok' | 'failed';
  readonly sentinel_code: number | null;
  readonly fitness: number | null;
  readonly log_prime_sse: number | null;
  readonly sdg_h_norm_l2: number | null;
  readonly sse_null_phase_scramble: number | null;
  readonly sse_null_target_shuffle: number | null;
  readonly p_value: number | null;
  readonly global_seed: number;
  readonly parent_1: string | null;
  readonly parent_2: string | null;
  readonly created_utc: string | null;
  /** Only what is searched. */
  readonly genes: Readonly<Record<string, number>>;
}

/** One generation for a chart: over its jobs that have a score; null = none has. */
export interface GenerationSummary {
  readonly generation: number;
  readonly jobs: number;
  readonly done: number;
  readonly failed: number;
  readonly best_fitness: number | null;
  readonly best_sse: number | null;
  readonly median_sse: number | null;
  readonly best_h_norm: number | null;
  readonly median_h_norm: number | null;
  /** Of the run with the best score. */
  readonly best_sse_p_value: number | null;
  readonly median_p_value: number | null;
  /** Median score of scrambled fields. */
  readonly median_null_sse: number | null;
}

export interface HuntDetail {
  readonly summary: HuntSummary;
  readonly settings: HuntSettings;
  readonly generations: readonly GenerationSummary[];
  readonly golden: Golden | null;
  /** Names for download, relative to the folder of the hunt; the files of jobs (`provenance/provenance_UUID.json`, `fields/field_UUID.bin`) can be had, too, and are not listed. */
  readonly files: readonly string[];
}

export const ROW_ORDERS = ['made', 'newest', 'fitness', 'log_prime_sse', 'sdg_h_norm_l2', 'p_value'] as const;
export type RowOrder = (typeof ROW_ORDERS)[number];
