import { beforeEach, expect, test } from 'vitest';
import { configSchema } from '../../config/schema.ts';
import { silentLog, type Log } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { MemoryLedger } from '../ledger/memory-ledger.fixture.ts';
import { fakePool, FakeStateSource } from '../telemetry/rig-state.fixture.ts';
import { Alarms } from './alarms.ts';

let clock: ManualClock;
let source: FakeStateSource;
let ledger: MemoryLedger;
let told: string[];
let alarms: Alarms;

beforeEach(() => {
  clock = new ManualClock();
  source = new FakeStateSource();
  ledger = new MemoryLedger();
  told = [];
  const log: Log = { ...silentLog, warn: (_fields, text) => told.push(`warn ${text}`), info: (_fields, text) => told.push(`info ${text}`) };
  alarms = new Alarms(
    { config: configSchema.parse({}).alarms, nodeId: 'rig1', webhooks: [], silenceMs: () => 180_000, submits: true },
    { state: source, ledger, clock, log, tell: (type, message, _device, data) => told.push(`${type} ${message} ${JSON.stringify(data)}`) },
  );
  alarms.start();
});

function pools(status: 'auth_failed' | 'mining'): void {
  source.state = { ...source.state, pools: [fakePool({ status, user: 'me.rig', reason: 'Unauthorized worker', last_heard_at: clock.now() })] };
}

test('a severe alarm is logged, told, reported, and put before a person once; its end is told and reported', () => {
  pools('auth_failed');
  clock.advance(5000);
  const raised = 'demo does not accept the worker me.rig: Unauthorized worker';
  const data = '{"kind":"pool_auth","subject":"demo","severity":"error"}';
  // The log first: the screen then makes one line of both.
  expect(told).toEqual([`warn ${raised}`, `alarm_raised alarm: ${raised} ${data}`]);
  expect(ledger.errors).toMatchObject([{ category: 'looping', data: { error_type: 'alarm_pool_auth', severity: 'error', message: raised, pool: 'demo' } }]);
  expect(ledger.of('look_at')).toMatchObject([{ severity: 'error', reason: 'pool_auth', message: raised }]);
  pools('mining');
  clock.advance(5000);
  expect(told.slice(2)).toEqual(['info demo accepts the worker and gives work', `alarm_healed alarm is over: demo accepts the worker and gives work ${data.replace('error', 'info')}`]);
  expect(ledger.reports).toMatchObject([{ category: 'looping', data: { event: 'alarm_healed', alarm: 'pool_auth', pool: 'demo', seconds: 5 } }]);
  expect(ledger.of('look_at')).toHaveLength(1);
  expect(alarms.list()).toMatchObject([{ kind: 'pool_auth', message: raised, healed_at: expect.any(Number) }]);
});

test('a warning is reported and not put before a person', () => {
  pools('mining');
  clock.advance(95_000);
  expect(alarms.list()).toMatchObject([{ kind: 'pool_silent', healed_at: null }]);
  expect(ledger.errors).toHaveLength(1);
  expect(ledger.of('look_at')).toHaveLength(0);
});

test('a stop leaves no timer', async () => {
  await alarms.stop();
  expect(clock.pendingTimers).toBe(0);
});
