import type { HuntTelemetry } from '../../daemon/hub/api-types.ts';
import { api } from '../api/client.ts';
import { count, plural, shortId, significant } from '../format/numbers.ts';
import { duration } from '../format/time.ts';
import { Action } from '../parts/action.tsx';
import { Age } from '../parts/age.tsx';
import { Badge, Facts } from '../parts/facts.tsx';
import { Panel } from '../parts/panel.tsx';
import { Score } from './score.tsx';
import { statusOf } from './score-words.ts';

/** The hunt of this daemon as it goes, and what can be done about it. */
export function HuntLive({ hunt }: { readonly hunt: HuntTelemetry }) {
  const { status, reason, hunt_id, generation, generations, jobs_total, jobs_done, jobs_failed, running, eta_secs, last_event, last_event_at, engine, started_at, ended_at } = hunt;
  const words = statusOf(status);
  const ended = status === 'completed' && generations !== null ? generations : generation;
  return (
    <Panel title={`Hunt ${hunt_id === null ? '' : shortId(hunt_id)}`} class="hunt-live" aside={<Buttons hunt={hunt} />}>
      <p class="hunt-sentence" role="status" data-testid="hunt-status" data-status={status}>
        <Badge tone={words.tone}>{words.text}</Badge>{' '}
        {ended !== null && generations !== null && (
          <>
            {status === 'completed' ? plural(generations, 'generation') : `generation ${ended} (${Math.min(ended + 1, generations)} of ${generations})`}
            {status === 'running' && (eta_secs === null ? ', too early to say when it ends' : `, ${duration(eta_secs)} to go`)}
          </>
        )}
      </p>
      {reason !== null && <p class={status === 'failed' ? 'tone-bad' : 'quiet'}>{reason}</p>}
      <Progress label="Jobs of the hunt" value={jobs_done} max={jobs_total} />
      <ul class="running" aria-label="Jobs under way">
        {running.map(({ job_uuid, step, done, generation: of }) => (
          <li key={job_uuid}>
            <span>
              <code>{shortId(job_uuid)}</code> generation {of}, {step === 'simulate' ? 'simulating' : 'validating'}
            </span>
            <Progress label={`Job ${shortId(job_uuid)}`} value={done} max={1} isSmall />
          </li>
        ))}
      </ul>
      <Facts
        class="small"
        facts={[
          { name: 'Jobs done', value: <span data-testid="jobs-done">{count(jobs_done)}</span>, note: jobs_total === null ? '' : `of ${count(jobs_total)}` },
          { name: 'Failed', value: count(jobs_failed), tone: jobs_failed > 0 ? 'warn' : 'plain' },
          { name: 'Last score (SSE)', value: <Score sse={hunt.last_sse} p={hunt.last_p_value} /> },
          { name: 'Last h-norm', value: significant(hunt.last_h_norm, 3) },
          { name: 'Started', value: <Age at={started_at} missing="unknown" />, note: ended_at !== null && started_at !== null ? `took ${duration((ended_at - started_at) / 1000)}` : '' },
          { name: 'Runs on', value: engine === 'local' ? 'this machine' : 'many hosts' },
        ]}
      />
      {last_event !== null && (
        <p class="quiet" data-testid="last-event">
          {last_event} <Age at={last_event_at} missing="" />
        </p>
      )}
    </Panel>
  );
}

function Buttons({ hunt: { status, hunt_id } }: { readonly hunt: HuntTelemetry }) {
  const isLive = status === 'running' || status === 'pausing' || status === 'paused';
  return (
    <>
      {status === 'running' && <Action key="pause" label="Pause" busy="Pausing…" run={() => api.pauseHunt()} about="the hunt" />}
      {(status === 'paused' || status === 'pausing') && <Action key="resume" kind="primary" label="Resume" busy="Resuming…" run={() => api.resumeHunt()} about="the hunt" />}
      {(status === 'stopped' || status === 'failed') && hunt_id !== null && <Action key="go-on" label="Go on with it" busy="Beginning…" run={() => api.resumeHunt({ hunt_id })} />}
      {isLive && <Action key="stop" label="Stop" busy="Stopping…" confirm="Stop it now?" run={() => api.stopHunt()} about="the hunt" />}
    </>
  );
}

function Progress({ label, value, max, isSmall = false }: { readonly label: string; readonly value: number; readonly max: number | null; readonly isSmall?: boolean }) {
  if (max === null || max <= 0) return null;
  return <progress class={isSmall ? 'small' : ''} aria-label={label} value={Math.min(value, max)} max={max} />;
}
