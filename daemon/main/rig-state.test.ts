import { beforeEach, expect, test } from 'vitest';
import { configSchema } from '../../config/schema.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { TemplateManager } from '../dtm/template-manager.ts';
import { MemoryLedger } from '../ledger/memory-ledger.fixture.ts';
import { MiningEngine } from '../mining/engine.ts';
import type { SourceState } from '../mining/job.ts';
import { HandDevice, HandSource, makeJob } from '../mining/mining.fixture.ts';
import { noPoolAccount } from '../mining/pool-account.ts';
import { fakeServer } from '../telemetry/rig-state.fixture.ts';
import type { PoolTelemetry, RigState, ServerState } from '../telemetry/state.ts';
import { RigStateSource, type RigStateOptions } from './rig-state.ts';

let clock: ManualClock;
let home: HandSource;
let backup: HandSource;
let device: HandDevice;
let snapshot: () => RigState;

beforeEach(async () => {
  clock = new ManualClock();
  home = new HandSource('home');
  backup = new HandSource('backup');
  device = new HandDevice('cpu');
  const choice = { strategy: 'quota', rotateMs: 60_000, returnMs: 60_000, quotas: new Map([['home', 3]]) } as const;
  const engine = new MiningEngine({ sources: [home, backup], devices: [device], templates: new TemplateManager({ clock, localZeros: 64 }), withhold: () => null, choice, clock, log: silentLog });
  const parts = { nodeId: 'rig1', version: '0', mode: 'live', engine, accounts: { of: noPoolAccount }, payouts: { payoutOf: () => null }, ledger: new MemoryLedger(), session: () => null, alarms: () => [], economy: configSchema.parse({}).economy, clock };
  const state = new RigStateSource(parts as unknown as RigStateOptions);
  snapshot = () => state.snapshot();
  await engine.start(new AbortController().signal);
});

const tell = (source: HandSource, change: Partial<SourceState>): void => {
  const state = source.state();
  source.state = () => ({ ...state, ...change });
  source.events.emit('change');
};
const pool = (id: string): PoolTelemetry => snapshot().pools.find((one) => one.id === id)!;

test('every pool has its role, why, since when, its weight and its share of the work', () => {
  home.events.emit('job', makeJob({ sourceId: 'home' }));
  backup.events.emit('job', makeJob({ sourceId: 'backup' }));
  const since = clock.now();
  clock.advance(20_000);
  device.hashes = 5000;
  expect(pool('home')).toMatchObject({ role: 'active', role_reason: 'its turn for another 40 s; its weight is 3 of 4', role_since: since, quota: 3, work_share: 1 });
  expect(pool('backup')).toMatchObject({ role: 'standby', role_reason: 'waits for its turn; its weight is 1 of 4', quota: 1, work_share: 0 });
  expect(snapshot().mining).toMatchObject({ status: 'mining', reason: null, pool: 'home' });
});

test('a pool that is down says why in its own words, and counts the time to its next attempt', () => {
  home.events.emit('job', makeJob({ sourceId: 'home' }));
  home.events.emit('invalidate', 'not one line within 180 s');
  tell(home, { status: 'backing_off', reason: 'not one line within 180 s', next_attempt_at: clock.now() + 30_000 });
  clock.advance(10_500);
  expect(pool('home')).toMatchObject({ role: 'down', role_reason: 'not one line within 180 s; next attempt in 20 s' });
});

test('one that is well but whose work cannot be used says that', () => {
  home.events.emit('job', makeJob({ sourceId: 'home' }));
  home.events.emit('invalidate', 'the new job cannot be read');
  expect(pool('home')).toMatchObject({ status: 'mining', role: 'down', role_reason: 'the new job cannot be read' });
});

test('without any pool the rig says no_pool, with the reason of each', () => {
  home.events.emit('job', makeJob({ sourceId: 'home' }));
  home.events.emit('invalidate', 'lost');
  tell(home, { status: 'backing_off', reason: 'connection refused', next_attempt_at: clock.now() + 2000 });
  tell(backup, { status: 'auth_failed', reason: 'the pool refused worker "w"', next_attempt_at: clock.now() + 300_000 });
  expect(snapshot().mining).toMatchObject({ status: 'no_pool', pool: null, reason: 'home: connection refused; next attempt in 2 s; backup: the pool refused worker "w"; next attempt in 300 s' });
  expect(device.work).toBeNull();
  home.events.emit('job', makeJob({ sourceId: 'home', key: 'again' }));
  expect(snapshot().mining).toMatchObject({ status: 'mining', pool: 'home' });
  expect(device.work).not.toBeNull();
});

test('a rig without devices of its own mines when it serves other miners', async () => {
  const engine = new MiningEngine({ sources: [home], devices: [], templates: new TemplateManager({ clock, localZeros: 64 }), withhold: () => null, clock, log: silentLog });
  let server: ServerState | null = null;
  const parts = { nodeId: 'rig1', version: '0', mode: 'live', engine, accounts: { of: noPoolAccount }, payouts: { payoutOf: () => null }, ledger: new MemoryLedger(), session: () => null, alarms: () => [], server: () => server, economy: configSchema.parse({}).economy, clock };
  const state = new RigStateSource(parts as unknown as RigStateOptions);
  await engine.start(new AbortController().signal);
  expect(state.snapshot().mining).toMatchObject({ status: 'no_device' });
  server = fakeServer();
  expect(state.snapshot()).toMatchObject({ mining: { status: 'no_pool' }, server: { miners: 40 } });
  home.events.emit('job', makeJob({ sourceId: 'home' }));
  expect(state.snapshot().mining).toMatchObject({ status: 'mining', reason: null });
  server = fakeServer({ status: 'failed', reason: 'the port is taken' });
  expect(state.snapshot().mining.status).toBe('no_device');
});
