import type { RigState } from '../../daemon/hub/api-types.ts';
import { count, difficulty, plural, si } from '../format/numbers.ts';
import { Age } from '../parts/age.tsx';
import { Panel } from '../parts/panel.tsx';
import { Table, type Column } from '../parts/table.tsx';

type Server = NonNullable<RigState['server']>;
type Worker = Server['workers'][number];
const SHOWN = 50;

const COLUMNS: readonly Column<Worker>[] = [
  { title: 'Miner', head: true, cell: ({ name, user_agent, address }) => <><b>{name}</b><small>{[user_agent, address].filter((text) => text !== null).join(', ')}</small></> },
  { title: 'Connected', cell: ({ connections, connected_since }) => (connections === 0 ? 'no' : <><Age at={connected_since} missing="yes" />{connections > 1 && <small>{connections} connections</small>}</>) },
  { title: 'Hash rate', numeric: true, cell: ({ hashrate_hs: { m1, m5 } }) => si(m5 ?? m1, 'H/s', 'too early') },
  { title: 'Accepted', numeric: true, cell: ({ accepted }) => count(accepted) },
  { title: 'Refused', numeric: true, cell: ({ rejected, stale, duplicate, reject_reasons }) => <span title={Object.entries(reject_reasons).map(([reason, times]) => `${times} \u00d7 ${reason}`).join(', ')}>{count(rejected + stale + duplicate)}</span> },
  { title: 'Sent on', numeric: true, cell: ({ forwarded, forwarded_rejected }) => <>{count(forwarded)}{forwarded_rejected > 0 && <small>{count(forwarded_rejected)} refused</small>}</> },
  { title: 'Difficulty', numeric: true, cell: ({ difficulty: value }) => difficulty(value) },
  { title: 'Last share', cell: ({ last_share_at }) => <Age at={last_share_at} /> },
];

/** Other miners in the house that mine through this rig. */
export function LanMiners({ server }: { readonly server: Server }) {
  const { status, reason, address, miners, hashrate_hs, refused_connections, totals, workers, worker_count } = server;
  return (
    <Panel title="LAN miners" aside={<span class="quiet">{status === 'listening' ? <>at <code>{address}</code></> : status}</span>}>
      {reason !== null && <p class="tone-bad">{reason}</p>}
      <p class="quiet">
        {plural(miners, 'miner')}, {si(hashrate_hs, 'H/s')}; {count(totals.forwarded)} of {count(totals.accepted)} shares sent on
        {totals.forwarded_rejected > 0 && ` (${count(totals.forwarded_rejected)} refused by the pool)`}
        {refused_connections > 0 && `; ${plural(refused_connections, 'connection')} turned away`}
      </p>
      <Table caption="Miners at the LAN pool, most work first" columns={COLUMNS} rows={workers.slice(0, SHOWN)} keyOf={({ name }) => name} empty="Nobody mines through this rig." isCompact />
      {worker_count > SHOWN && <p class="quiet">and {count(worker_count - Math.min(SHOWN, workers.length))} more</p>}
    </Panel>
  );
}
