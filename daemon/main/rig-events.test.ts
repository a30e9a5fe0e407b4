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
let backup: HandSource;
let engine: MiningEngine;
let events: RigEvents;
let device: HandDevice;
let ledger: MemoryLedger;
let told: string[];

beforeEach(async () => {
  const clock = new ManualClock();
  source = new HandSource();
  backup = new HandSource('backup');
  backup.status = 'backing_off';
  device = new HandDevice('cpu');
  ledger = new MemoryLedger();
  told = [];
  engine = new MiningEngine({ sources: [source, backup], devices: [device], templates: new TemplateManager({ clock, localZeros: 64 }), withhold: () => null, clock, log: silentLog });
  events = new RigEvents(clock);
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

test('a switch is told with its reason; that work goes round by turns is no news', () => {
  const messages: string[] = [];
  events.events.on('event', ({ type, message, data }) => messages.push(`${type}: ${message} ${JSON.stringify(data)}`));
  source.events.emit('job', makeJob());
  backup.events.emit('job', makeJob({ sourceId: 'backup' }));
  source.events.emit('invalidate', 'not one line within 180 s');
  expect(messages.at(-1)).toBe('pool_switched: mining for backup instead of pool: pool: not one line within 180 s {"pool":"backup","instead_of":"pool","reason":"pool: not one line within 180 s"}');
  const count = messages.length;
  engine.events.emit('active', 'pool', 'it is the turn of pool', 'turn');
  expect(messages).toHaveLength(count);
});

test('when every pool is gone each one says why', () => {
  const messages: string[] = [];
  events.events.on('event', ({ message }) => messages.push(message));
  source.events.emit('job', makeJob());
  source.events.emit('invalidate', 'lost');
  for (const one of [backup, source]) {
    const state = one.state();
    one.state = () => ({ ...state, status: 'backing_off', reason: `${one.id} does not answer` });
    one.events.emit('change');
  }
  expect(messages.at(-1)).toBe('no pool has work: pool: pool does not answer; backup: backup does not answer');
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
