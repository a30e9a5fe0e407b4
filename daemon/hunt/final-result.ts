import type { Golden, Reevaluation } from './golden.ts';
import type { FinishedRow } from './hunter.ts';
import type { Provenance } from './provenance.ts';
import { rowFields } from './ledger-csv.ts';
import { verdictOf, type Verdict } from './verdict.ts';

/** The best run as a whole: the columns of `simulation_ledger.csv`, its parameters once more in their groups, and what may be said of it. */
export interface FinalResult extends Readonly<Record<string, unknown>> {
  readonly job_uuid: string;
  readonly simulation: Provenance['simulation'];
  /** What configures the lab hardware. */
  readonly sncgl_params: Provenance['sncgl_params'];
  readonly sdg_params: Provenance['sdg_params'];
  /** Null when it was not run on fresh seeds, or is not the run that was. */
  readonly reevaluation: Reevaluation | null;
  readonly verdict: Verdict;
}

/** @param runs jobs with a score that `best` was chosen from */
export function finalResultOf(best: FinishedRow, provenance: Provenance, golden: Golden | null, runs: number): FinalResult {
  const reevaluation = golden?.source_job_uuid === best.job.job_uuid ? golden.reevaluation : null;
  return {
    ...rowFields(best),
    job_uuid: best.job.job_uuid,
    simulation: provenance.simulation,
    sncgl_params: provenance.sncgl_params,
    sdg_params: provenance.sdg_params,
    reevaluation,
    verdict: verdictOf({ p_value: best.result.p_value, runs, reevaluation }),
  };
}
