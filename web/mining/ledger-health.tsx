import type { RigState } from '../../daemon/hub/api-types.ts';
import { count } from '../format/numbers.ts';
import { addressOf } from '../live/route.ts';
import { CopyButton } from '../parts/copy.tsx';
import { Badge, Facts } from '../parts/facts.tsx';
import { Panel } from '../parts/panel.tsx';

export function LedgerHealth({ ledger }: { readonly ledger: RigState['ledger'] }) {
  const { written, queued, backup, emergency, lost, corrupt_files, files_behind, last_error, degraded, last_seq, chain } = ledger;
  const bad = (value: number): 'bad' | 'plain' => (value > 0 ? 'bad' : 'plain');
  return (
    <Panel title="Ledger health" aside={<Badge tone={lost > 0 || degraded ? 'bad' : 'good'}>{degraded ? 'degraded' : lost > 0 ? 'entries lost' : 'complete'}</Badge>}>
      <Facts
        class="tiny"
        facts={[
          { name: 'Written', value: count(written), note: queued > 0 ? `${count(queued)} on their way` : '' },
          { name: 'In backup', value: count(backup + emergency), tone: bad(backup + emergency) },
          { name: 'Lost', value: count(lost), tone: bad(lost) },
          { name: 'Files corrupt', value: count(corrupt_files), tone: bad(corrupt_files) },
          { name: 'Files behind', value: count(files_behind), tone: bad(files_behind) },
        ]}
      />
      {last_error !== null && <p class="tone-bad">{last_error}</p>}
      {chain !== '' && (
        <p class="quiet address">
          Record {count(last_seq)}: <code title={chain}>{chain.slice(0, 16)}…</code> <CopyButton text={chain} label="Copy chain value" />
        </p>
      )}
      <p>
        <a href={addressOf('ledger')}>All entries</a>
      </p>
    </Panel>
  );
}
