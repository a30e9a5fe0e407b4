import type { Golden, HuntBest, HuntSummary, Provenance } from '../../daemon/hub/api-types.ts';
import { api } from '../api/client.ts';
import { significant } from '../format/numbers.ts';
import { useLoaded } from '../live/load.ts';
import { addressOf } from '../live/route.ts';
import { Facts } from '../parts/facts.tsx';
import { JsonText } from '../parts/json-text.tsx';
import { Panel } from '../parts/panel.tsx';
import { Score } from './score.tsx';
import { judgementOf, pWordOfBest } from './score-words.ts';

interface BestRunProps {
  readonly huntId: string;
  readonly summary: HuntSummary;
  readonly golden: Golden | null;
}

/** The best run with what may be said of it; once the hunt has ended, its JSON is the final one. */
export function BestRun({ huntId, summary, golden }: BestRunProps) {
  const { status } = summary;
  const best = golden === null ? summary.best : bestOf(golden);
  if (best === null) {
    return (
      <Panel title="Best run">
        <p class="quiet">No run has a score yet.</p>
      </Panel>
    );
  }
  return (
    <Panel title={status === 'completed' ? 'Final best run' : 'Best run so far'} aside={<a href={addressOf('hunt', huntId, 'job', best.job_uuid)}>fields and metrics</a>}>
      <Facts
        facts={[
          { name: 'Log-prime SSE', value: <Score sse={best.log_prime_sse} p={best.p_value} />, note: pWordOfBest(best.p_value, summary.jobs_done - summary.jobs_failed) },
          { name: 'h-norm', value: significant(best.sdg_h_norm_l2, 3) },
          { name: 'Fitness', value: significant(best.fitness, 4), note: `of generation ${best.generation}` },
        ]}
      />
      {summary.best !== null && summary.best.job_uuid !== best.job_uuid && (
        <p class="quiet">
          The fittest run, <a href={addressOf('hunt', huntId, 'job', summary.best.job_uuid)}>of generation {summary.best.generation}</a> with SSE <Score sse={summary.best.log_prime_sse} p={summary.best.p_value} />, had no score on every fresh seed: this is the next that had.
        </p>
      )}
      <Judged best={best} summary={summary} golden={golden} />
    </Panel>
  );
}

/** The run that fresh seeds have confirmed to run at all is the final one, as the hub and the command line have it. */
const bestOf = ({ source_job_uuid, generation, fitness, metrics: { log_prime_sse, sdg_h_norm_l2, p_value } }: Golden): HuntBest => ({ job_uuid: source_job_uuid, generation, fitness, log_prime_sse, sdg_h_norm_l2, p_value });

/** @param golden of this run; null when it was not run on fresh seeds */
function Judged({ best: { job_uuid: uuid, p_value: p }, summary: { hunt_id, jobs_done, jobs_failed }, golden }: { readonly best: HuntBest; readonly summary: HuntSummary; readonly golden: Golden | null }) {
  const { value, problem } = useLoaded(`${hunt_id} ${uuid}`, golden !== null, (signal) => api.job(hunt_id, uuid, signal));
  const judged = judgementOf({ p_value: p, p_value_target_shuffle: value?.metrics.p_value_target_shuffle ?? null, runs: jobs_done - jobs_failed, reevaluation: golden?.reevaluation ?? null });
  return (
    <>
      <p class={`judgement tone-${judged.tone}`} data-testid="judgement">
        {judged.text}
      </p>
      {value === null ? <p class="quiet">{problem ?? 'Loading…'}</p> : <JsonText text={jsonOf(value, golden)} name={`best_run_${uuid}.json`} label="JSON of the best run" />}
    </>
  );
}

/** Its scores with their p-values, and what configures the lab hardware. */
function jsonOf({ job_uuid, hunt_id, config_hash, generation, global_seed, metrics, simulation, sncgl_params, sdg_params }: Provenance, golden: Golden | null): string {
  const { log_prime_sse, p_value, sse_null_phase_scramble, sse_null_target_shuffle, p_value_target_shuffle, sdg_h_norm_l2 } = metrics;
  return JSON.stringify({ job_uuid, hunt_id, config_hash, generation, global_seed, log_prime_sse, p_value, sse_null_phase_scramble, sse_null_target_shuffle, p_value_target_shuffle, sdg_h_norm_l2, sncgl_params, sdg_params, simulation, reevaluation: golden?.reevaluation ?? null }, null, 2);
}
