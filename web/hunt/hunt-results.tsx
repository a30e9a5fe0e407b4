import type { HuntTelemetry } from '../../daemon/hub/api-types.ts';
import { api } from '../api/client.ts';
import { useLoaded } from '../live/load.ts';
import { Panel } from '../parts/panel.tsx';
import { BestRun } from './best-run.tsx';
import { Downloads } from './downloads.tsx';
import { GenerationCharts } from './generation-charts.tsx';
import { GoldenRun } from './golden-run.tsx';
import { JobTable } from './job-table.tsx';

/** What came of a hunt so far. @param hunt what the state says of it while it is the daemon's present one, else null */
export function HuntResults({ huntId, hunt }: { readonly huntId: string; readonly hunt: HuntTelemetry | null }) {
  const version = hunt === null ? '' : `${hunt.jobs_done} ${hunt.status} ${hunt.generation} ${hunt.golden !== null}`;
  const { value: detail, problem } = useLoaded(huntId, version, (signal) => api.hunt(huntId, signal));
  if (detail === null) {
    return (
      <Panel title="Results">
        <p class={problem === null ? 'quiet' : 'problem'}>{problem ?? 'Loading…'}</p>
      </Panel>
    );
  }
  const { summary, generations, golden, files, settings } = detail;
  return (
    <>
      <div class="two">
        <BestRun huntId={huntId} summary={summary} golden={golden} />
        <GenerationCharts generations={generations} />
      </div>
      {golden !== null && <GoldenRun golden={golden} />}
      <JobTable huntId={huntId} version={version} settings={settings} />
      <Downloads huntId={huntId} files={files} />
    </>
  );
}
