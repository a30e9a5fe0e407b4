import type { RigState } from '../../daemon/hub/api-types.ts';
import { count, difficulty, percent, unit } from '../format/numbers.ts';
import { Age } from '../parts/age.tsx';
import { Facts, type Fact } from '../parts/facts.tsx';
import { Panel } from '../parts/panel.tsx';

/** What became of every share since start. */
export function Shares({ state: { mining } }: { readonly state: RigState }) {
  const { accepted, rejected, stale, unknown, withheld, hardware_errors, duplicates, blocks, best_difficulty, last_accepted_at } = mining.shares;
  const answered = accepted + rejected + stale;
  const part = (value: number): string => (answered === 0 || value === 0 ? '' : percent(value / answered));
  const delay = mining.delays.share_sent;
  const facts: Fact[] = [
    { name: 'Accepted', value: <span data-testid="accepted">{count(accepted)}</span>, note: <>last <Age at={last_accepted_at} /></>, tone: accepted > 0 ? 'good' : 'plain' },
    { name: 'Rejected', value: count(rejected), note: part(rejected), tone: rejected > 0 ? 'warn' : 'plain' },
    { name: 'Stale', value: count(stale), note: part(stale), tone: answered > 0 && stale / answered > 0.05 ? 'warn' : 'plain' },
    { name: 'Never answered', value: count(unknown), tone: unknown > 0 ? 'warn' : 'plain' },
    { name: 'Not sent', value: count(withheld), note: withheld > 0 ? 'on purpose' : '' },
    { name: 'Hardware errors', value: count(hardware_errors), note: duplicates > 0 ? `${count(duplicates)} duplicates` : '', tone: hardware_errors > 0 ? 'warn' : 'plain' },
    { name: 'Blocks', value: count(blocks), tone: blocks > 0 ? 'good' : 'plain' },
    { name: 'Best difficulty', value: difficulty(best_difficulty, 'none yet') },
    // Measured on the wires of devices only: a CPU has none.
    ...(delay === null ? [] : [{ name: 'Device to pool', value: unit(delay.p50_ms, 'ms', 1), note: `99 % within ${unit(delay.p99_ms, 'ms', 1)}` }]),
  ];
  return (
    <Panel title="Shares" aside={mining.last_reject !== null && <span class="tone-warn">last refused: {mining.last_reject}</span>}>
      <Facts facts={facts} />
    </Panel>
  );
}
