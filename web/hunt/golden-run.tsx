import type { Golden } from '../../daemon/hub/api-types.ts';
import { shortId, significant } from '../format/numbers.ts';
import { addressOf } from '../live/route.ts';
import { Badge, Facts } from '../parts/facts.tsx';
import { JsonText } from '../parts/json-text.tsx';
import { Panel } from '../parts/panel.tsx';
import { Table, type Column } from '../parts/table.tsx';
import { Score } from './score.tsx';
import { codeWords } from './score-words.ts';

type Seed = Golden['reevaluation']['seeds'][number];

/** The champion on seeds that had no part in choosing it. */
export function GoldenRun({ golden }: { readonly golden: Golden }) {
  const { reevaluation: judged, source_job_uuid, hunt_id, metrics, generation } = golden;
  const columns: readonly Column<Seed>[] = [
    { title: 'Seed', head: true, cell: ({ global_seed, job_uuid }) => <a href={addressOf('hunt', hunt_id, 'job', job_uuid)}>{global_seed}</a> },
    { title: 'Log-prime SSE', numeric: true, cell: ({ log_prime_sse, p_value }) => <Score sse={log_prime_sse} p={p_value} /> },
    { title: 'h-norm', numeric: true, cell: ({ sdg_h_norm_l2 }) => significant(sdg_h_norm_l2, 3) },
    { title: 'Fitness', numeric: true, cell: ({ fitness }) => significant(fitness, 4) },
    { title: 'Ended', cell: ({ sentinel_code }) => codeWords(sentinel_code) },
  ];
  return (
    <Panel
      title="Golden parameters"
      aside={
        <>
          <Badge tone={judged.is_stable ? 'good' : 'bad'}>{judged.is_stable ? 'every seed has a score' : 'not stable'}</Badge>
          <Badge tone={judged.is_significant ? 'good' : 'warn'}>{judged.is_significant ? 'better than noise' : 'what noise gives'}</Badge>
        </>
      }
    >
      <p>
        The champion, job <a href={addressOf('hunt', hunt_id, 'job', source_job_uuid)}><code>{shortId(source_job_uuid)}</code></a> of generation {generation}, run again on fresh seeds. The run that was chosen is the best of many and so better than it deserves; the medians are not.
      </p>
      <Facts
        facts={[
          { name: 'SSE when chosen', value: <Score sse={metrics.log_prime_sse} p={metrics.p_value} /> },
          { name: 'SSE on fresh seeds', value: <Score sse={judged.log_prime_sse} p={judged.p_value} />, note: 'median' },
          { name: 'h-norm on fresh seeds', value: significant(judged.sdg_h_norm_l2, 3), note: 'median' },
        ]}
      />
      <Table caption="The champion on fresh seeds" columns={columns} rows={judged.seeds} keyOf={({ job_uuid }) => job_uuid} empty="It was not run on any." isCompact />
      <details>
        <summary>golden.json</summary>
        <JsonText text={JSON.stringify(golden, null, 2)} name="golden.json" label="golden.json" />
      </details>
    </Panel>
  );
}
