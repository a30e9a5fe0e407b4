import { beforeEach, expect, test } from 'vitest';
import type { DeviceState } from '../../drivers/contract.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { TemplateManager } from '../dtm/template-manager.ts';
import { MiningEngine } from './engine.ts';
import { HandDevice, HandSource, makeJob, search } from './mining.fixture.ts';
import { PoolAccounts } from './pool-accounts.ts';

let clock: ManualClock;
let first: HandSource;
let second: HandSource;
let device: HandDevice;
let engine: MiningEngine;
let accounts: PoolAccounts;

const jobFor = (sourceId: string, sequence = 1): ReturnType<typeof makeJob> => makeJob({ key: `${sourceId}:1:${sequence}`, sourceId });
const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};

beforeEach(async () => {
  clock = new ManualClock();
  first = new HandSource('first');
  second = new HandSource('second');
  device = new HandDevice('cpu');
  engine = new MiningEngine({ sources: [first, second], devices: [device], templates: new TemplateManager({ clock, localZeros: 64 }), withhold: () => null, clock, log: silentLog });
  accounts = new PoolAccounts(engine, clock);
  accounts.start();
  await engine.start(new AbortController().signal);
});

test('hashes go to the pool that was mined for when they were made', () => {
  device.hashes = 500;
  first.events.emit('job', jobFor('first'));
  device.hashes = 1500;
  first.events.emit('invalidate', 'gone');
  device.hashes = 1600;
  second.events.emit('job', jobFor('second'));
  device.hashes = 5600;
  clock.advance(1000);
  device.hashes = 6000;
  accounts.stop();
  expect(accounts.of('first').hashes).toBe(1000);
  expect(accounts.of('second').hashes).toBe(4400);
  expect(clock.pendingTimers).toBe(0);
});

test('a device that counts from nothing again takes nothing away', () => {
  first.events.emit('job', jobFor('first'));
  device.hashes = 1000;
  clock.advance(1000);
  device.hashes = 300;
  clock.advance(1000);
  expect(accounts.of('first').hashes).toBe(1300);
});

test('a device that only knows its rate counts by time, while it hashes', () => {
  const state = device.state.bind(device);
  device.state = (): DeviceState => ({ ...state(), hashes_total: null, hashrate_hs: 100 });
  first.events.emit('job', jobFor('first'));
  clock.advance(10_000);
  device.status = 'paused';
  clock.advance(10_000);
  expect(accounts.of('first').hashes).toBe(1000);
});

test('the share of an own device is found by the rig, that of another miner is not', async () => {
  first.events.emit('job', jobFor('first'));
  const nonce = search(device.work!);
  device.events.emit('nonce', nonce);
  await settle();
  expect(accounts.of('first')).toMatchObject({ sent: 1, accepted: 1, found: 1 });
  await engine.submitForeign({ ...first.submitted[0]!, id: 'f1', deviceId: 'miner.kitchen' });
  expect(accounts.of('first')).toMatchObject({ sent: 2, accepted: 2, found: 1 });
  expect(accounts.of('second')).toMatchObject({ sent: 0, found: 0 });
});

test('with quotas each pool is charged for the hashes of its turns, and no hash twice', () => {
  const quotas = new Map([['first', 3], ['second', 1]]);
  const split = new MiningEngine({ sources: [first, second], devices: [device], templates: new TemplateManager({ clock, localZeros: 64 }), withhold: () => null, choice: { strategy: 'quota', rotateMs: 10_000, returnMs: 0, quotas }, clock, log: silentLog });
  const books = new PoolAccounts(split, clock);
  books.start();
  const before = device.hashes;
  return split.start(new AbortController().signal).then(() => {
    first.events.emit('job', jobFor('first'));
    second.events.emit('job', jobFor('second'));
    const truth = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      // A hash belongs to whoever was mined for while it was made.
      const active = split.activeSource!;
      device.hashes += 1000;
      truth.set(active, (truth.get(active) ?? 0) + 1000);
      clock.advance(100);
    }
    books.stop();
    expect(books.of('first').hashes).toBe(truth.get('first'));
    expect(books.of('second').hashes).toBe(truth.get('second'));
    expect(truth.get('first')! + truth.get('second')!).toBe(device.hashes - before);
    expect(truth.get('first')! / truth.get('second')!).toBeCloseTo(3, 0);
  });
});
