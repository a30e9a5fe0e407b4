import type { RigState } from '../../daemon/hub/api-types.ts';
import { api } from '../api/client.ts';
import { count, difficulty, joulesPerTh, plural, si, unit } from '../format/numbers.ts';
import { Action } from '../parts/action.tsx';
import { Age } from '../parts/age.tsx';
import { Badge, Facts } from '../parts/facts.tsx';
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
      <Facts
        class="small"
        facts={[
          { name: 'Hash rate', value: si(hashrate_hs, 'H/s') },
          { name: 'Temperature', value: unit(temp_c, '\u00b0C', 0, 'unknown'), tone: temp_c !== null && temp_c >= 85 ? 'warn' : 'plain' },
          { name: 'Power', value: unit(power_w, 'W', 1, 'unknown'), note: efficiency !== null && efficiency < 1e5 ? unit(efficiency, 'J/TH', 1) : '' },
          { name: 'Accepted', value: count(shares.accepted), note: <>last <Age at={shares.last_accepted_at} /></> },
          { name: 'Refused', value: count(shares.rejected + shares.stale), tone: shares.rejected + shares.stale > 0 ? 'warn' : 'plain' },
          { name: 'Wrong nonces', value: count(shares.hardware_errors), tone: shares.hardware_errors > 0 ? 'warn' : 'plain' },
          { name: 'Best difficulty', value: difficulty(shares.best_difficulty, 'none yet') },
        ]}
      />
      {capabilities.includes('pause') &&
        (status === 'paused' ? (
          <Action key="resume" label="Resume" busy="Resuming…" about={id} run={() => api.resumeDevice(id)} />
        ) : (
          <Action key="pause" label="Pause" busy="Pausing…" about={id} disabled={status === 'stopped'} run={() => api.pauseDevice(id)} />
        ))}
    </li>
  );
}
