import type { HuntTableRow } from './archive-types.ts';
import type { Golden, Reevaluation } from './golden.ts';
import type { Provenance } from './provenance.ts';
import { verdictOf, type Verdict } from './verdict.ts';

/** The best run as a whole: the columns of `simulation_ledger.csv`, its parameters once more in their groups, and what may be said of it. */
export interface FinalResult extends Omit<HuntTableRow, 'genes'> {
  readonly hunt_id: string;
  readonly config_hash: string;
  readonly simulation: Provenance['simulation'];
  /** What configures the lab hardware. */
  readonly sncgl_params: Provenance['sncgl_params'];
  readonly sdg_params: Provenance['sdg_params'];
  /** Null when it was not run on fresh seeds, or is not the run that was. */
  readonly reevaluation: Reevaluation | null;
  readonly verdict: Verdict;
}

/**
 * Every parameter stands beside the scores as well (`sncgl_epsilon` ...), where readers of the table look for it.
 * @param runs jobs with a score that `best` was chosen from
 */
export function finalResultOf(best: HuntTableRow, provenance: Provenance, golden: Golden | null, runs: number): FinalResult {
  const { genes: _, ...row } = best;
  const { hunt_id, config_hash, simulation, sncgl_params, sdg_params } = provenance;
  const reevaluation = golden?.source_job_uuid === best.job_uuid ? golden.reevaluation : null;
  return { ...row, hunt_id, config_hash, ...sncgl_params, ...sdg_params, simulation, sncgl_params, sdg_params, reevaluation, verdict: verdictOf({ p_value: best.p_value, runs, reevaluation }) };
}
