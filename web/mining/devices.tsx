import type { RigState } from '../../daemon/hub/api-types.ts';
import { api } from '../api/client.ts';
import { count, difficulty, joulesPerTh, plural, si, unit } from '../format/numbers.ts';
import { Action } from '../parts/action.tsx';
import { Age } from '../parts/age.tsx';
import { Badge } from '../parts/facts.tsx';
import { Panel } from '../parts/panel.tsx';
import { deviceTone, makeWords } from './words.ts';

type Device = RigState['devices'][number];

export function Devices({ devices }: { readonly devices: readonly Device[] }) {
  return (
    <Panel title="Devices" aside={<span class="quiet">{plural(devices.length, 'device')}</span>}>
      {devices.length === 0 ? (
        <p class="quiet">
          None is there. <code>rigbrain devices</code> says what is plugged in and why it is not used.
        </p>
      ) : (
        <ul class="cards">
          {devices.map((device) => (
            <DeviceCard key={device.id} device={device} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function DeviceCard({ device }: { readonly device: Device }) {
  const { id, title, status, reason, hashrate_hs, temp_c, power_w, shares, capabilities } = device;
  const efficiency = joulesPerTh(power_w, hashrate_hs);
  const made = makeWords(device);
  return (
    <li class="card" data-device={id}>
      <div class="card-head">
        <h3>{id}</h3>
        <Badge tone={deviceTone(status)}>{status}</Badge>
      </div>
      <p class="quiet">
        {title}
        {made !== '' && ` \u2013 ${made}`}
      </p>
      {reason !== null && <p class={status === 'fault' ? 'tone-bad' : 'quiet'}>{reason}</p>}
      <dl class="pairs">
        <dt>Hash rate</dt>
        <dd>{si(hashrate_hs, 'H/s')}</dd>
        <dt>Temperature</dt>
        <dd class={temp_c !== null && temp_c >= 85 ? 'tone-warn' : ''}>{unit(temp_c, '\u00b0C', 0, 'unknown')}</dd>
        <dt>Power</dt>
        <dd>
          {unit(power_w, 'W', 1, 'unknown')}
          {efficiency !== null && efficiency < 1e5 && <span class="quiet"> {unit(efficiency, 'J/TH', 1)}</span>}
        </dd>
        <dt>Shares</dt>
        <dd>
          {count(shares.accepted)} accepted{shares.rejected + shares.stale > 0 && `, ${count(shares.rejected + shares.stale)} refused`}
          <span class="quiet"> <Age at={shares.last_accepted_at} missing="" /></span>
        </dd>
        <dt>Errors</dt>
        <dd class={shares.hardware_errors > 0 ? 'tone-warn' : ''}>{shares.hardware_errors === 0 ? 'none' : `${count(shares.hardware_errors)} wrong nonces`}</dd>
        <dt>Best</dt>
        <dd>{difficulty(shares.best_difficulty, 'none yet')}</dd>
      </dl>
      {capabilities.includes('pause') &&
        (status === 'paused' ? (
          <Action key="resume" label="Resume" busy="Resuming…" about={id} run={() => api.resumeDevice(id)} />
        ) : (
          <Action key="pause" label="Pause" busy="Pausing…" about={id} disabled={status === 'stopped'} run={() => api.pauseDevice(id)} />
        ))}
    </li>
  );
}
