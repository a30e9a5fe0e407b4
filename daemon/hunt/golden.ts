import type { FinishedRow, HuntRow } from './hunter.ts';
import { sha256Hex } from './canonical-json.ts';
import { provenanceText, type Metrics, type Provenance } from './provenance.ts';
import { median } from './validator/log-prime.ts';

export const GOLDEN_NAME = 'golden.json';
/** Champions tried for gold before none is: each costs as many runs as there are seeds. */
export const GOLDEN_ATTEMPTS = 3;
/** Level at which a score counts as better than what scrambled fields have. */
export const SIGNIFICANT = 0.05;

/** `golden.json`: the champion of a hunt, and how it did on seeds that had no part in choosing it. */
export interface Golden {
  readonly golden_version: '1.0';
  readonly hunt_id: string;
  readonly source_job_uuid: string;
  /** Of the champion's provenance file. */
  readonly provenance_sha256: string;
  readonly config_hash: string;
  readonly global_seed: number;
  readonly generation: number;
  readonly fitness: number;
  /** Of the run that was chosen: the best of many, so better than it deserves. */
  readonly metrics: Metrics;
  readonly simulation: Provenance['simulation'];
  readonly sncgl_params: Provenance['sncgl_params'];
  readonly sdg_params: Provenance['sdg_params'];
  readonly reevaluation: Reevaluation;
  readonly created_utc: string;
}

export interface Reevaluation {
  readonly seeds: readonly { readonly job_uuid: string; readonly global_seed: number; readonly sentinel_code: number; readonly fitness: number; readonly log_prime_sse: number | null; readonly sdg_h_norm_l2: number | null; readonly p_value: number | null }[];
  /** Medians over the seeds that have a score; null = none has. */
  readonly log_prime_sse: number | null;
  readonly sdg_h_norm_l2: number | null;
  readonly p_value: number | null;
  /** Every seed has a score: the parameters do not depend on luck to run at all. */
  readonly is_stable: boolean;
  /** Stable, and half of the seeds or more score better than scrambled fields do at the 5 % level. Without it the score is what noise gives. */
  readonly is_significant: boolean;
}

export function reevaluationOf(rows: readonly HuntRow[]): Reevaluation {
  const seeds = rows.flatMap(({ job, result }) => (result === null ? [] : [{ job_uuid: job.job_uuid, global_seed: job.global_seed, sentinel_code: result.sentinel_code, fitness: result.fitness, log_prime_sse: result.log_prime_sse, sdg_h_norm_l2: result.sdg_h_norm_l2, p_value: result.p_value }]));
  const middle = (key: 'log_prime_sse' | 'sdg_h_norm_l2' | 'p_value'): number | null => {
    const values = seeds.flatMap((seed) => (seed[key] === null ? [] : [seed[key]]));
    return values.length === 0 ? null : median(values);
  };
  const isStable = seeds.length > 0 && seeds.every(({ sentinel_code }) => sentinel_code === 0);
  const p = middle('p_value');
  return { seeds, log_prime_sse: middle('log_prime_sse'), sdg_h_norm_l2: middle('sdg_h_norm_l2'), p_value: p, is_stable: isStable, is_significant: isStable && p !== null && p <= SIGNIFICANT };
}

export function goldenOf(huntId: string, champion: FinishedRow, provenance: Provenance, reevaluation: Reevaluation, created_utc: string): Golden {
  return {
    golden_version: '1.0',
    hunt_id: huntId,
    source_job_uuid: champion.job.job_uuid,
    provenance_sha256: sha256Hex(provenanceText(provenance)),
    config_hash: champion.job.config_hash,
    global_seed: champion.job.global_seed,
    generation: champion.job.generation,
    fitness: champion.result.fitness,
    metrics: provenance.metrics,
    simulation: provenance.simulation,
    sncgl_params: provenance.sncgl_params,
    sdg_params: provenance.sdg_params,
    reevaluation,
    created_utc,
  };
}
