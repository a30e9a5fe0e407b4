import type { HuntDetail, HuntTableRow, RowOrder } from '../../daemon/hub/api-types.ts';
import { useState } from 'preact/hooks';
import { api } from '../api/client.ts';
import { count, shortId, significant } from '../format/numbers.ts';
import { useLoaded } from '../live/load.ts';
import { addressOf } from '../live/route.ts';
import { Panel } from '../parts/panel.tsx';
import { Pager } from '../parts/pager.tsx';
import { Table, type Column } from '../parts/table.tsx';
import { Score } from './score.tsx';
import { codeWords } from './score-words.ts';

const PAGE = 20;
const ORDERS: Readonly<Record<RowOrder, string>> = { newest: 'newest first', made: 'oldest first', fitness: 'best fitness', log_prime_sse: 'least SSE', sdg_h_norm_l2: 'least h-norm', p_value: 'least p-value' };

export function JobTable({ huntId, version, settings }: { readonly huntId: string; readonly version: string; readonly settings: HuntDetail['settings'] }) {
  const [order, setOrder] = useState<RowOrder>('fitness');
  const [offset, setOffset] = useState(0);
  const { value, problem } = useLoaded(`${huntId} ${order} ${offset}`, version, (signal) => api.jobs(huntId, { offset, limit: PAGE, order }, signal));
  const columns: readonly Column<HuntTableRow>[] = [
    { title: 'Job', head: true, cell: ({ job_uuid, origin }) => <><a href={addressOf('hunt', huntId, 'job', job_uuid)}><code>{shortId(job_uuid)}</code></a> <span class="origin">{origin}</span></> },
    { title: 'Generation', numeric: true, cell: ({ generation }) => generation },
    { title: 'Log-prime SSE', numeric: true, cell: ({ log_prime_sse, p_value }) => <Score sse={log_prime_sse} p={p_value} /> },
    { title: 'Scrambled', numeric: true, cell: ({ sse_null_phase_scramble }) => significant(sse_null_phase_scramble, 4) },
    { title: 'h-norm', numeric: true, cell: ({ sdg_h_norm_l2 }) => significant(sdg_h_norm_l2, 3) },
    { title: 'Fitness', numeric: true, cell: ({ fitness }) => significant(fitness, 4) },
    { title: 'Parameters', cell: ({ genes }) => <Genes genes={genes} bounds={settings.bounds} /> },
    { title: 'Ended', cell: ({ sentinel_code, status }) => <span class={status === 'failed' ? 'tone-warn' : ''}>{codeWords(sentinel_code)}</span> },
  ];
  const sort = (
    <label class="inline">
      <span class="quiet">Sorted by</span>
      <select value={order} onChange={(event) => (setOrder(event.currentTarget.value as RowOrder), setOffset(0))}>
        {Object.entries(ORDERS).map(([key, words]) => (
          <option key={key} value={key}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Panel title={value === null ? 'Jobs' : `Jobs (${count(value.total)})`} aside={sort}>
      {problem !== null && <p class="problem">{problem}</p>}
      {value === null ? <p class="quiet">Loading…</p> : <Table caption="Jobs of the hunt" columns={columns} rows={value.rows} keyOf={({ job_uuid }) => job_uuid} empty="No job yet." isCompact />}
      {value !== null && <Pager offset={offset} shown={value.rows.length} total={value.total} page={PAGE} onGo={setOffset} />}
    </Panel>
  );
}

/** Where each value stands in the range that is searched: a row of little bars that can be compared with the rows around it. */
function Genes({ genes, bounds }: { readonly genes: HuntTableRow['genes']; readonly bounds: HuntDetail['settings']['bounds'] }) {
  const entries = Object.entries(genes);
  const text = entries.map(([name, value]) => `${name} ${significant(value, 3)}`).join(', ');
  const ranges = bounds as Readonly<Record<string, { readonly min: number; readonly max: number; readonly scale: 'linear' | 'log' } | undefined>>;
  return (
    <svg class="genes" viewBox={`0 0 ${entries.length * 6} 20`} width={entries.length * 6} height="20" role="img" aria-label={text}>
      <title>{text}</title>
      {entries.map(([name, value], index) => {
        const range = ranges[name];
        const place = range === undefined ? 0 : range.scale === 'log' ? Math.log(value / range.min) / Math.log(range.max / range.min) : (value - range.min) / (range.max - range.min);
        const height = 2 + 18 * Math.min(1, Math.max(0, place));
        return <rect key={name} x={index * 6} y={20 - height} width="4" height={height} rx="1" />;
      })}
    </svg>
  );
}
