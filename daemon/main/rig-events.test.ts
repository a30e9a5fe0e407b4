import { beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { TemplateManager } from '../dtm/template-manager.ts';
import { MemoryLedger } from '../ledger/memory-ledger.fixture.ts';
import { MiningEngine } from '../mining/engine.ts';
import type { SourceState } from '../mining/job.ts';
import { HandDevice, HandSource, makeJob } from '../mining/mining.fixture.ts';
import { RigEvents } from './rig-events.ts';

let source: HandSource;
let device: HandDevice;
let ledger: MemoryLedger;
let told: string[];

beforeEach(async () => {
  const clock = new ManualClock();
  source = new HandSource();
  device = new HandDevice('cpu');
  ledger = new MemoryLedger();
  told = [];
  const engine = new MiningEngine({ sources: [source], devices: [device], templates: new TemplateManager({ clock, localZeros: 64 }), withhold: () => null, clock, log: silentLog });
  const events = new RigEvents(clock);
  events.attach(engine, ledger);
  events.events.on('event', (event) => told.push(event.type));
  await engine.start(new AbortController().signal);
});

const sourceIs = (status: SourceState['status']): void => {
  const state = source.state();
  source.state = () => ({ ...state, status });
};

test('a pool that goes and comes back is told once each', () => {
  source.events.emit('job', makeJob());
  source.events.emit('invalidate', 'connection lost');
  sourceIs('backing_off');
  source.events.emit('change');
  source.events.emit('invalidate', 'still away');
  sourceIs('mining');
  source.events.emit('job', makeJob({ key: 'back' }));
  expect(told).toEqual(['pool_ready', 'pool_lost', 'pool_ready']);
});

test('a pool that cannot be reached from the start is told once', () => {
  sourceIs('connecting');
  source.events.emit('change');
  sourceIs('backing_off');
  source.events.emit('change');
  source.events.emit('change');
  expect(told).toEqual(['pool_lost']);
});

test('a node between two templates is not a lost pool', () => {
  source.events.emit('job', makeJob());
  source.events.emit('invalidate', 'block found: waiting for the next template');
  source.events.emit('job', makeJob({ key: 'next' }));
  expect(told).toEqual(['pool_ready']);
});

test('a ledger that falls back is told once, and once when it is well again', () => {
  for (let i = 0; i < 3; i++) ledger.events.emit('fallback', { layer: 1, path: 'x.json', reason: 'ENOSPC' });
  ledger.events.emit('recovered');
  ledger.events.emit('fallback', { layer: 3, path: 'x.json', reason: 'EROFS' });
  expect(told).toEqual(['ledger_degraded', 'ledger_recovered', 'ledger_degraded']);
});

test('pausing and resuming a device is told', async () => {
  source.events.emit('job', makeJob());
  await device.command({ type: 'pause', reason: 'test' });
  await device.command({ type: 'resume' });
  expect(told).toEqual(['pool_ready', 'device_paused', 'device_resumed']);
});
