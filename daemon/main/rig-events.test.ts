import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { DeviceStatus } from '../../drivers/contract.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { TemplateManager } from '../dtm/template-manager.ts';
import type { Ledger } from '../ledger/contract.ts';
import { MiningEngine } from '../mining/engine.ts';
import { HandDevice } from '../mining/mining.fixture.ts';
import { RigEvents } from './rig-events.ts';

test('a device that pauses, resumes, pauses again and is stopped has resumed once', () => {
  const clock = new ManualClock();
  const device = new HandDevice('cpu');
  const engine = new MiningEngine({ sources: [], devices: [device], templates: new TemplateManager({ clock, localZeros: 64 }), withhold: () => null, clock, log: silentLog });
  const rigEvents = new RigEvents(clock);
  const told: string[] = [];
  rigEvents.events.on('event', ({ type }) => told.push(type));
  rigEvents.attach(engine, { events: new EventEmitter() } as unknown as Ledger);
  for (const status of ['hashing', 'paused', 'hashing', 'paused', 'stopped'] satisfies DeviceStatus[]) {
    device.status = status;
    engine.events.emit('device', 'cpu');
  }
  expect(told).toEqual(['device_paused', 'device_resumed', 'device_paused']);
});
