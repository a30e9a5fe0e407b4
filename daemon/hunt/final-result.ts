import type { HuntArchive } from './archive.ts';
import type { HuntDetail } from './archive-types.ts';
import type { Reevaluation } from './golden.ts';
import type { Origin } from './job.ts';
import type { Provenance } from './provenance.ts';
import { verdictOf, type Verdict } from './verdict.ts';

/**
 * The best run as a whole: the columns of `simulation_ledger.csv` with every parameter (`sncgl_epsilon` ...), the parameters
 * once more in their groups, and what may be said of it.
 */
export interface FinalResult extends Readonly<Record<string, unknown>> {
  readonly job_uuid: string;
  readonly hunt_id: string;
  readonly generation: number;
  readonly origin: Origin;
  readonly fitness: number;
  readonly log_prime_sse: number | null;
  readonly sdg_h_norm_l2: number | null;
  readonly sse_null_phase_scramble: number | null;
  readonly sse_null_target_shuffle: number | null;
  readonly p_value: number | null;
  /** How often random targets fit at least as well as the primes do. */
  readonly p_value_target_shuffle: number | null;
  readonly simulation: Provenance['simulation'];
  /** What configures the lab hardware. */
  readonly sncgl_params: Provenance['sncgl_params'];
  readonly sdg_params: Provenance['sdg_params'];
  /** Null when it was not run on fresh seeds. */
  readonly reevaluation: Reevaluation | null;
  readonly verdict: Verdict;
}

/**
 * The golden run where there is one, as fresh seeds have confirmed that it runs; else the fittest.
 * @returns null when no run has a score @throws RigError E_HUNT_UNKNOWN when its provenance is not there; the disk's error
 */
export async function finalResult(archive: Pick<HuntArchive, 'provenance'>, { summary, golden, generations }: Pick<HuntDetail, 'summary' | 'golden' | 'generations'>): Promise<FinalResult | null> {
  const best = golden === null ? summary.best : { job_uuid: golden.source_job_uuid, fitness: golden.fitness };
  if (best === null) return null;
  const { job_uuid, hunt_id, config_hash, generation, origin, parent_1, parent_2, global_seed, created_utc, status, sentinel_code, metrics, simulation, sncgl_params, sdg_params } = await archive.provenance(summary.hunt_id, best.job_uuid);
  const { log_prime_sse, sdg_h_norm_l2, sse_null_phase_scramble, sse_null_target_shuffle, p_value, p_value_target_shuffle } = metrics;
  const reevaluation = golden?.reevaluation ?? null;
  const runs = generations.reduce((sum, { done, failed }) => sum + done - failed, 0);
  return {
    ...{ job_uuid, hunt_id, config_hash, generation, origin, parent_1, parent_2, global_seed, created_utc, status, sentinel_code, fitness: best.fitness },
    ...{ log_prime_sse, sdg_h_norm_l2, sse_null_phase_scramble, sse_null_target_shuffle, p_value, p_value_target_shuffle },
    ...sncgl_params,
    ...sdg_params,
    ...{ simulation, sncgl_params, sdg_params, reevaluation },
    verdict: verdictOf({ p_value, p_value_target_shuffle, runs, reevaluation }),
  };
}
