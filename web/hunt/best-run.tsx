import type { Golden, HuntSummary } from '../../daemon/hub/api-types.ts';
import { api } from '../api/client.ts';
import { significant } from '../format/numbers.ts';
import { useLoaded } from '../live/load.ts';
import { addressOf } from '../live/route.ts';
import { Facts } from '../parts/facts.tsx';
import { JsonText } from '../parts/json-text.tsx';
import { Panel } from '../parts/panel.tsx';
import { Score } from './score.tsx';
import { judgementOf, pWord } from './score-words.ts';

interface BestRunProps {
  readonly huntId: string;
  readonly summary: HuntSummary;
  readonly golden: Golden | null;
}

/** The best run with what may be said of it; once the hunt has ended, its JSON is the final one. */
export function BestRun({ huntId, summary: { best, status, jobs_done, jobs_failed }, golden }: BestRunProps) {
  const isFinal = status === 'completed';
  if (best === null) {
    return (
      <Panel title="Best run">
        <p class="quiet">No run has a score yet.</p>
      </Panel>
    );
  }
  const judged = judgementOf({ p_value: best.p_value, runs: jobs_done - jobs_failed, reevaluation: golden?.source_job_uuid === best.job_uuid ? golden.reevaluation : null });
  return (
    <Panel title={isFinal ? 'Final best run' : 'Best run so far'} aside={<a href={addressOf('hunt', huntId, 'job', best.job_uuid)}>fields and metrics</a>}>
      <Facts
        facts={[
          { name: 'Log-prime SSE', value: <Score sse={best.log_prime_sse} p={best.p_value} />, note: pWord(best.p_value) },
          { name: 'h-norm', value: significant(best.sdg_h_norm_l2, 3) },
          { name: 'Fitness', value: significant(best.fitness, 4), note: `of generation ${best.generation}` },
        ]}
      />
      <p class={`judgement tone-${judged.tone}`} data-testid="judgement">
        {judged.text}
      </p>
      <BestJson huntId={huntId} jobUuid={best.job_uuid} golden={golden} />
    </Panel>
  );
}

function BestJson({ huntId, jobUuid, golden }: { readonly huntId: string; readonly jobUuid: string; readonly golden: Golden | null }) {
  const { value, problem } = useLoaded(`${huntId} ${jobUuid}`, golden !== null, (signal) => api.job(huntId, jobUuid, signal));
  if (value === null) return <p class="quiet">{problem ?? 'Loading…'}</p>;
  const { job_uuid, config_hash, generation, global_seed, metrics, simulation, sncgl_params, sdg_params } = value;
  const { log_prime_sse, p_value, sse_null_phase_scramble, sse_null_target_shuffle, sdg_h_norm_l2 } = metrics;
  const text = JSON.stringify({ job_uuid, hunt_id: huntId, config_hash, generation, global_seed, log_prime_sse, p_value, sse_null_phase_scramble, sse_null_target_shuffle, sdg_h_norm_l2, sncgl_params, sdg_params, simulation, reevaluation: golden?.source_job_uuid === job_uuid ? golden.reevaluation : null }, null, 2);
  return <JsonText text={text} name={`best_run_${job_uuid}.json`} label="JSON of the best run" />;
}
