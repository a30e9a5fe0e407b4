import type { Provenance } from '../../daemon/hub/api-types.ts';
import { api } from '../api/client.ts';
import { shortId, significant } from '../format/numbers.ts';
import { duration } from '../format/time.ts';
import { live } from '../live/live.ts';
import { useLoaded } from '../live/load.ts';
import { addressOf } from '../live/route.ts';
import { useStore } from '../live/store.ts';
import { When } from '../parts/age.tsx';
import { Badge, Facts } from '../parts/facts.tsx';
import { JsonText } from '../parts/json-text.tsx';
import { Panel } from '../parts/panel.tsx';
import { FieldImages } from './field-images.tsx';
import { METRIC_WORDS } from './metric-words.ts';
import { Score } from './score.tsx';
import { codeWords, pWord } from './score-words.ts';

/** Everything about one job. */
export function JobDetails({ huntId, jobUuid }: { readonly huntId: string; readonly jobUuid: string }) {
  const done = useStore(live, ({ state }) => state?.hunt?.jobs_done);
  // A job that has not ended has no file yet: it is asked for again whenever one has ended.
  const { value, problem } = useLoaded(`${huntId} ${jobUuid}`, done, (signal) => api.job(huntId, jobUuid, signal));
  return (
    <>
      <p class="back">
        <a href={addressOf('hunt', huntId)}>Hunt {shortId(huntId)}</a> <span aria-hidden="true">/</span> job <code>{shortId(jobUuid)}</code>
      </p>
      {value === null ? <Panel title="Job"><p class={problem === null ? 'quiet' : 'problem'}>{problem ?? 'Loading…'}</p></Panel> : <Job huntId={huntId} job={value} />}
    </>
  );
}

function Job({ huntId, job }: { readonly huntId: string; readonly job: Provenance }) {
  const { job_uuid, generation, origin, parent_1, parent_2, global_seed, created_utc, status, sentinel_code, error, metrics, timing, config_hash, solver_contract } = job;
  const { log_prime_sse, p_value, sse_null_phase_scramble, sse_null_target_shuffle, p_value_target_shuffle, sdg_h_norm_l2, n_rays_locked } = metrics;
  const parents = [parent_1, parent_2].filter((parent) => parent !== null);
  return (
    <>
      <Panel title={`Job ${shortId(job_uuid)}`} aside={<Badge tone={status === 'ok' ? 'good' : 'bad'}>{codeWords(sentinel_code)}</Badge>}>
        {error !== null && <p class="tone-bad">{error}</p>}
        <Facts
          facts={[
            { name: 'Log-prime SSE', value: <Score sse={log_prime_sse} p={p_value} />, note: pWord(p_value) },
            { name: 'Scrambled fields', value: significant(sse_null_phase_scramble, 4), note: 'median of their SSE' },
            { name: 'Random targets', value: significant(sse_null_target_shuffle, 4), note: p_value_target_shuffle === null ? '' : `p ${significant(p_value_target_shuffle, 2)}` },
            { name: 'h-norm', value: significant(sdg_h_norm_l2, 3), note: `at dt ${job.simulation.dt}` },
            { name: 'Rays that fit', value: n_rays_locked ?? '\u2013', note: job.spectral_fidelity === null ? '' : `of ${job.spectral_fidelity.n_rays}, below 0.01` },
          ]}
        />
        <p class="quiet">
          Generation {generation}, {origin}
          {parents.map((parent, index) => (
            <span key={parent}>
              {index === 0 ? ' of ' : ' and '}
              <a href={addressOf('hunt', huntId, 'job', parent)}><code>{shortId(parent)}</code></a>
            </span>
          ))}
          ; seed {global_seed}; <When at={created_utc} />; simulated in {timing.simulate_ms === null ? 'unknown time' : duration(timing.simulate_ms / 1000)}
          {timing.steps !== null && `, ${timing.steps} steps`}
          {solver_contract.backend !== null && ` (${solver_contract.backend})`}
        </p>
      </Panel>
      <FieldImages huntId={huntId} jobUuid={job_uuid} hasField={job.artifacts.field !== null} dim={job.simulation.dim} />
      <div class="three">
        <Values title="Field (S-NCGL)" values={job.sncgl_params} />
        <Values title="Geometry (SDG)" values={job.sdg_params} />
        <Values title="Simulation" values={job.simulation} />
      </div>
      <Panel title="Metrics">
        <dl class="metrics">
          {Object.entries(metrics).map(([name, value]) => (
            <div key={name}>
              <dt>
                <code>{name}</code>
                <small>{METRIC_WORDS[name as keyof typeof metrics]}</small>
              </dt>
              <dd>{significant(value, 4)}</dd>
            </div>
          ))}
        </dl>
      </Panel>
      <Panel title="Provenance">
        <p class="quiet address">
          Content <code>{config_hash}</code>
        </p>
        <JsonText text={JSON.stringify(job, null, 2)} name={`provenance_${job_uuid}.json`} label={`provenance_${job_uuid}.json`} />
      </Panel>
    </>
  );
}

function Values({ title, values }: { readonly title: string; readonly values: Readonly<Record<string, number | string>> }) {
  return (
    <Panel title={title}>
      <dl class="pairs parameters">
        {Object.entries(values).map(([name, value]) => [
          <dt key={`${name} name`}>
            <code>{name}</code>
          </dt>,
          <dd key={name}>{typeof value === 'number' ? significant(value, 5).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '') : value}</dd>,
        ])}
      </dl>
    </Panel>
  );
}
