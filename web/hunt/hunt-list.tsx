import type { HuntSummary } from '../../daemon/hub/api-types.ts';
import { api } from '../api/client.ts';
import { shortId, significant } from '../format/numbers.ts';
import type { Loaded } from '../live/load.ts';
import { addressOf } from '../live/route.ts';
import { Action } from '../parts/action.tsx';
import { When } from '../parts/age.tsx';
import { Badge } from '../parts/facts.tsx';
import { Panel } from '../parts/panel.tsx';
import { Table, type Column } from '../parts/table.tsx';
import { Score } from './score.tsx';
import { statusOf } from './score-words.ts';

/**
 * Hunts of the data folder, also those of before.
 * @param failed the one whose failure the daemon tells of: its folder knows only that nobody runs it
 */
export function HuntList({ list, failed, shown, isBusy }: { readonly list: Loaded<readonly HuntSummary[]>; readonly failed: string | null; readonly shown: string | null; readonly isBusy: boolean }) {
  const rows = list.value?.map((hunt) => (hunt.hunt_id === failed ? { ...hunt, status: 'failed' as const } : hunt)) ?? null;
  const columns: readonly Column<HuntSummary>[] = [
    { title: 'Hunt', head: true, cell: ({ hunt_id, created_utc }) => <><a href={addressOf('hunt', hunt_id)} aria-current={hunt_id === shown ? 'true' : undefined}><code>{shortId(hunt_id)}</code></a>{hunt_id === shown && ' (shown above)'}<small><When at={created_utc} /></small></> },
    { title: 'Status', cell: ({ status, has_golden }) => <><Badge tone={statusOf(status).tone}>{statusOf(status).text}</Badge>{has_golden && <small>has golden parameters</small>}</> },
    { title: 'Generations', numeric: true, cell: ({ generations_done, generations, population }) => <>{generations_done} of {generations}<small>{population} jobs each</small></> },
    { title: 'Jobs', numeric: true, cell: ({ jobs_done, jobs_failed }) => <>{jobs_done}{jobs_failed > 0 && <small>{jobs_failed} failed</small>}</> },
    { title: 'Best SSE', numeric: true, cell: ({ best }) => <Score sse={best?.log_prime_sse ?? null} p={best?.p_value ?? null} /> },
    { title: 'Best h-norm', numeric: true, cell: ({ best }) => significant(best?.sdg_h_norm_l2, 3) },
    { title: 'Go on', cell: ({ hunt_id, status }) => (isBusy || (status !== 'stopped' && status !== 'failed') ? '' : <Action label="Go on" busy="Beginning…" run={() => api.resumeHunt({ hunt_id })} about={`with hunt ${shortId(hunt_id)}`} />) },
  ];
  return (
    <Panel title="All hunts">
      {list.problem !== null && <p class="problem">{list.problem}</p>}
      {rows === null ? <p class="quiet">Loading…</p> : <Table caption="All hunts, newest first" columns={columns} rows={rows} keyOf={({ hunt_id }) => hunt_id} empty="There was none yet." isCompact rowClass={({ hunt_id }) => (hunt_id === shown ? 'row-active' : '')} />}
    </Panel>
  );
}
