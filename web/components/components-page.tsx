/** Analysis components of hunts: which can be used, and why the others cannot. */
import type { ComponentInfo } from '../../daemon/hub/api-types.ts';
import { useState } from 'preact/hooks';
import { api } from '../api/client.ts';
import { plural } from '../format/numbers.ts';
import { useLoaded } from '../live/load.ts';
import { Badge } from '../parts/facts.tsx';
import { Panel } from '../parts/panel.tsx';

export function ComponentsPage() {
  const [version, setVersion] = useState(0);
  const { value, problem, isLoading } = useLoaded('components', version, (signal) => api.components(signal));
  const aside = (
    <>
        {value !== null && <span class="quiet">{plural(value.filter(({ usable }) => usable).length, 'usable component')}</span>}
        <button class="button" type="button" disabled={isLoading} onClick={() => setVersion(version + 1)}>
          Look again
        </button>
    </>
  );
  return (
    <>
    <h1 class="unseen">Components</h1>
    <Panel title="Analysis components" aside={aside}>
      <p class="quiet">
        Programs that analyse what hunts find, each a folder with a <code>component_manifest.json</code>. One whose manifest is wrong is quarantined: it is never run.
      </p>
      {problem !== null && <p class="problem">{problem}</p>}
      {value !== null && value.length === 0 && <p>There is none. They live in the folder <code>components</code> of the data folder, unless <code>hunt.components</code> says otherwise.</p>}
      <ul class="cards">
        {value?.map((component) => (
          <Component key={component.component_path} component={component} />
        ))}
      </ul>
    </Panel>
    </>
  );
}

function Component({ component: { name, version, component_path, description, usable, reason, manifest } }: { readonly component: ComponentInfo }) {
  return (
    <li class="card">
      <div class="card-head">
        <h3>
          {name}
          {version !== null && <span class="quiet"> {version}</span>}
        </h3>
        <Badge tone={usable ? 'good' : 'bad'}>{usable ? 'usable' : 'quarantined'}</Badge>
      </div>
      {description !== null && <p>{description}</p>}
      {reason !== null && <p class={usable ? 'quiet' : 'tone-bad'}>{reason}</p>}
      <p class="quiet">
        <code>{component_path}</code>
      </p>
      {manifest !== null && (
        <details>
          <summary>Manifest</summary>
          <pre tabIndex={0}>{JSON.stringify(manifest, null, 2)}</pre>
        </details>
      )}
    </li>
  );
}
