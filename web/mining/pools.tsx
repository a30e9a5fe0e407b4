import type { RigState } from '../../daemon/hub/api-types.ts';
import { count, DASH, difficulty, percent, plural, si, unit } from '../format/numbers.ts';
import { Age } from '../parts/age.tsx';
import { Badge } from '../parts/facts.tsx';
import { Panel } from '../parts/panel.tsx';
import { Table, type Column } from '../parts/table.tsx';
import { roleTone, spaced, verdictWords } from './words.ts';

type Pool = RigState['pools'][number];

const COLUMNS: readonly Column<Pool>[] = [
  {
    title: 'Pool',
    head: true,
    cell: ({ id, url, message }) => (
      <>
        <b>{id}</b>
        <small>
          <code>{url}</code>
        </small>
        {message !== null && <small>says: {message}</small>}
      </>
    ),
  },
  {
    title: 'Role',
    cell: ({ role, role_reason, role_since, work_share, quota }) => (
      <>
        <Badge tone={roleTone(role)}>{role}</Badge> <span class="quiet"><Age at={role_since} /></span>
        {role_reason !== null && <small>{role_reason}</small>}
        {work_share !== null && work_share > 0 && <small>{percent(work_share, 0)} of the work{quota !== null && `, weight ${quota}`}</small>}
      </>
    ),
  },
  {
    title: 'Connection',
    cell: ({ status, reason, last_heard_at, next_attempt_at, reconnects }) => (
      <>
        {spaced(status)}
        {reason !== null && <small>{reason}</small>}
        {next_attempt_at === null ? last_heard_at !== null && <small>heard <Age at={last_heard_at} /></small> : <small>tried again <Age at={next_attempt_at} /></small>}
        {reconnects > 0 && <small>{plural(reconnects, 'reconnect')}</small>}
      </>
    ),
  },
  {
    title: 'Account',
    cell: ({ account: { accepted, rejected, stale, unknown, sent, reject_reasons }, difficulty: at }) => (
      <>
        {count(accepted)} of {count(sent)} accepted
        {rejected + stale + unknown > 0 && <small class="tone-warn">{[[rejected, 'rejected'], [stale, 'stale'], [unknown, 'never answered']].filter(([n]) => Number(n) > 0).map(([n, word]) => `${n} ${word}`).join(', ')}</small>}
        {Object.entries(reject_reasons).slice(0, 3).map(([reason, times]) => (
          <small key={reason}>{times} × {reason}</small>
        ))}
        <small>at difficulty {difficulty(at, 'unknown')}</small>
      </>
    ),
  },
  {
    title: 'Pays',
    cell: ({ payout }) => {
      const { text, tone } = verdictWords(payout);
      return <span class={`tone-${tone}`} title={payout?.explanation}>{text}</span>;
    },
  },
  {
    title: 'Answers in',
    numeric: true,
    cell: ({ account: { latency_ms }, latency_ms: last }) => (latency_ms === null ? unit(last, 'ms', 0) : <>{unit(latency_ms.p50, 'ms', latency_ms.p50 < 10 ? 1 : 0)}<small>99 %: {unit(latency_ms.p99, 'ms', latency_ms.p99 < 10 ? 1 : 0)}</small></>),
  },
  {
    title: 'Pool sees',
    numeric: true,
    cell: ({ account: { pool_hashrate_hs: seen, explanation } }) => (seen === null ? DASH : <span title={explanation ?? undefined}>{si(seen.value, 'H/s')}<small>{si(seen.low, 'H/s')} to {si(seen.high, 'H/s')}</small></span>),
  },
  {
    title: 'Luck',
    numeric: true,
    cell: ({ account: { luck } }) => (luck === null ? DASH : <>{percent(luck.ratio, 0)}<small>{percent(luck.low, 0)} to {percent(luck.high, 0)}</small></>),
  },
];

export function Pools({ pools }: { readonly pools: readonly Pool[] }) {
  return (
    <Panel title="Pools">
      <Table caption="Pools, in order of preference" columns={COLUMNS} rows={pools} keyOf={({ id }) => id} empty="No pool is configured." rowClass={({ role }) => (role === 'active' ? 'row-active' : '')} />
      {pools.some(({ account }) => account.luck !== null) && <p class="quiet">Luck: shares found over shares expected of so many hashes, with the range that chance leaves in 95 % of cases.</p>}
      {pools.flatMap(({ id, account: { explanation } }) => (explanation === null ? [] : [<p key={id} class="quiet"><b>{id}</b>: {explanation}</p>]))}
    </Panel>
  );
}
