/** The rig's own entries, newest first. */
import type { LedgerPage as Entries } from '../../daemon/hub/api-types.ts';
import { useState } from 'preact/hooks';
import { api } from '../api/client.ts';
import { count } from '../format/numbers.ts';
import { live } from '../live/live.ts';
import { useLoaded } from '../live/load.ts';
import { useStore } from '../live/store.ts';
import { When } from '../parts/age.tsx';
import { Panel } from '../parts/panel.tsx';
import { Table, type Column } from '../parts/table.tsx';

type Entry = Entries['entries'][number];

const PAGE = 30;
const KINDS: Readonly<Record<string, string>> = { '': 'everything', ledger: 'shares and blocks', math_proof: 'proofs', submission: 'submissions', rejection: 'refusals', look_at: 'to look at', system_report: 'reports', error_report: 'errors', start: 'starts' };

const COLUMNS: readonly Column<Entry>[] = [
  { title: 'Record', head: true, cell: ({ seq }) => count(seq) },
  { title: 'Time', cell: ({ at }) => <When at={at} /> },
  { title: 'Kind', cell: ({ kind }) => KINDS[kind] ?? kind },
  {
    title: 'What',
    cell: ({ summary, data }) => (
      <details class="entry">
        <summary>{shortOf(summary, data)}</summary>
        <pre tabIndex={0}>{JSON.stringify(data, null, 2)}</pre>
      </details>
    ),
  },
];

/** Its id stands in what unfolds. */
function shortOf(summary: string, { id }: Entry['data']): string {
  return typeof id === 'string' && summary.startsWith(`${id} `) ? summary.slice(id.length + 1) : summary;
}

export function LedgerPage() {
  const [kind, setKind] = useState('');
  /** Where each page that was gone through begins; the last is shown. */
  const [trail, setTrail] = useState<readonly (number | null)[]>([null]);
  const before = trail.at(-1)!;
  const written = useStore(live, ({ state }) => state?.ledger.written);
  // Only the first page moves; entries of the others are where they were.
  const { value, problem, isLoading } = useLoaded(`${kind} ${before}`, before === null ? written : 0, (signal) => api.ledger({ before, limit: PAGE, kind }, signal));
  return (
    <>
      <h1 class="unseen">Ledger</h1>
      <Panel
        title="Entries"
        aside={
          <label class="inline">
            <span class="quiet">Show</span>
            <select value={kind} onChange={(event) => (setKind(event.currentTarget.value), setTrail([null]))}>
              {Object.entries(KINDS).map(([key, words]) => (
                <option key={key} value={key}>
                  {words}
                </option>
              ))}
            </select>
          </label>
        }
      >
        <p class="quiet">
          Everything this rig has written down, newest first. The records are chained by their hashes: <code>rigbrain ledger verify</code> checks all of them.
        </p>
        {problem !== null && <p class="problem">{problem}</p>}
        {value === null ? <p class="quiet">{isLoading ? 'Loading…' : ''}</p> : <Table caption="Entries of the ledger, newest first" columns={COLUMNS} rows={value.entries} keyOf={({ seq }) => String(seq)} empty="There is no such entry." />}
        <nav class="pager" aria-label="Pages of the ledger">
          <button class="button" type="button" disabled={trail.length === 1} onClick={() => setTrail(trail.slice(0, -1))}>
            Newer
          </button>
          <span class="quiet" aria-live="polite">
            page {trail.length}
          </span>
          <button class="button" type="button" disabled={value === null || value.next_before === null} onClick={() => value?.next_before != null && setTrail([...trail, value.next_before])}>
            Older
          </button>
        </nav>
      </Panel>
    </>
  );
}
