/** A hunt as it runs, what came of it, and how to begin one. `#/hunt/ID` is an earlier one, `#/hunt/ID/job/UUID` one job of it. */
import { api } from '../api/client.ts';
import { live } from '../live/live.ts';
import { useLoaded } from '../live/load.ts';
import { route } from '../live/route.ts';
import { useStore } from '../live/store.ts';
import { HuntList } from './hunt-list.tsx';
import { HuntLive } from './hunt-live.tsx';
import { HuntResults } from './hunt-results.tsx';
import { JobDetails } from './job-details.tsx';
import { StartForm } from './start-form.tsx';

export function HuntPage() {
  const parts = useStore(route, (now) => now);
  const hunt = useStore(live, (now) => now.state?.hunt);
  const version = hunt ? `${hunt.hunt_id} ${hunt.status} ${hunt.generation} ${hunt.golden !== null}` : '';
  const list = useLoaded('hunts', version, (signal) => api.hunts(signal));

  if (hunt === undefined) return <p class="waiting">Waiting for the first word of the rig…</p>;
  if (hunt === null) {
    return (
      <section class="panel">
        <h1>Hunts are off</h1>
        <p class="quiet">
          <code>hunt.enabled: true</code> in the configuration switches them on.
        </p>
      </section>
    );
  }
  const [, chosen, what, jobUuid] = parts;
  const huntId = chosen ?? hunt.hunt_id ?? list.value?.[0]?.hunt_id ?? null;
  if (huntId !== null && what === 'job' && jobUuid !== undefined) return <JobDetails huntId={huntId} jobUuid={jobUuid} />;
  const isBusy = ['running', 'pausing', 'paused', 'stopping'].includes(hunt.status);
  return (
    <>
      <h1 class="unseen">Hunt</h1>
      {hunt.hunt_id !== null && <HuntLive hunt={hunt} />}
      <StartForm isBusy={isBusy} isOpen={hunt.hunt_id === null} />
      {huntId !== null && <HuntResults key={huntId} huntId={huntId} hunt={hunt.hunt_id === huntId ? hunt : null} />}
      <HuntList list={list} failed={hunt.status === 'failed' ? hunt.hunt_id : null} shown={huntId} isBusy={isBusy} />
    </>
  );
}
