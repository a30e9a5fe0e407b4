import { describe, expect, test } from 'vitest';
import { noPoolAccount } from '../mining/pool-account.ts';
import { alarmsPayloadOf, deviceAvailability, deviceStatePayloadOf, eventMessage, healthMessage, huntBestPayloadOf, huntPayloadOf, infoPayloadOf, poolsPayloadOf, rigStatePayloadOf, snapshotPayload, stateMessages } from './payloads.ts';
import { fakeDevice, fakeHunt, fakePool, fakeRigState, fakeServer } from './rig-state.fixture.ts';
import { TOPICS } from './topics.ts';

const scope = { base: 'rigbrain', node: 'rig1', prefix: 'homeassistant' };
const AT = Date.UTC(2025, 11, 18, 18, 0, 10);

test('every message is of the shape its topic promises', () => {
  const state = fakeRigState({ devices: [fakeDevice(), fakeDevice({ id: 'bitaxe-1', status: 'fault', hashrate_hs: null, temp_c: null })] });
  const host = { rss_bytes: 1, heap_used_bytes: 1, load_1m: 0.5, cpus: 4, memory_free_bytes: 1, memory_total_bytes: 2 };
  const mqtt = { connected: true, protocol: '5.0' as const, published: 1, dropped: 0, reconnects: 0, queued_events: 0, last_error: null };
  const messages = [...stateMessages(scope, state, AT), healthMessage(scope, state, host, mqtt, AT), eventMessage(scope, { type: 'block_found', at: AT, device: 'cpu', message: 'block', data: { height: 7 } })];
  for (const { key, topic, payload } of messages) expect(TOPICS[key].payload.safeParse(payload).error, topic).toBeUndefined();
  expect(messages.map(({ topic }) => topic.replace('rigbrain/rig1/', ''))).toEqual(['info', 'devices', 'state', 'pools', 'alarms', 'cpu/availability', 'cpu/state', 'bitaxe-1/availability', 'bitaxe-1/state', 'health', 'event']);
});

test('the pool for other miners has topics while it is on, with a bounded list', () => {
  const state = fakeRigState({ server: fakeServer() });
  const messages = stateMessages(scope, state, AT).filter(({ topic }) => topic.startsWith('rigbrain/rig1/server'));
  for (const { key, topic, payload } of messages) expect(TOPICS[key].payload.safeParse(payload).error, topic).toBeUndefined();
  expect(messages.map(({ topic }) => topic)).toEqual(['rigbrain/rig1/server', 'rigbrain/rig1/server/workers']);
  expect(messages[0]!.payload).toMatchObject({ status: 'listening', miners: 40, accepted: 7, hashrate_hs: 1.2e12 });
  expect(messages[1]!.payload).toHaveLength(32);
  expect(snapshotPayload(state, AT).server).toMatchObject({ miners: 40 });
  expect(snapshotPayload(fakeRigState(), AT).server).toBe(null);
});

test('a hunt has topics while hunts are on; its score has its p-value beside it', () => {
  const golden = { source_job_uuid: '00000000-0000-4000-8000-000000000003', log_prime_sse: 3.9, sdg_h_norm_l2: 0.002, p_value: 0.5, is_stable: true, is_significant: false };
  for (const hunt of [fakeHunt(), fakeHunt({ golden, status: 'completed', eta_secs: null, ended_at: AT }), fakeHunt({ best: null, hunt_id: null, jobs_total: null, generation: null, status: 'idle' })]) {
    const messages = stateMessages(scope, fakeRigState({ hunt }), AT).filter(({ topic }) => topic.startsWith('rigbrain/rig1/hunt'));
    expect(messages.map(({ topic }) => topic)).toEqual(['rigbrain/rig1/hunt', 'rigbrain/rig1/hunt/best']);
    for (const { key, topic, payload } of messages) expect(TOPICS[key].payload.safeParse(payload).error, topic).toBeUndefined();
  }
  expect(huntPayloadOf(fakeHunt(), AT)).toMatchObject({ status: 'running', progress_percent: 12, jobs_running: 1, eta_secs: 754, last_p_value: 0.4 });
  expect(huntBestPayloadOf(fakeHunt({ golden }))).toMatchObject({ best: { log_prime_sse: 3.5, p_value: 0.06 }, golden: { job_uuid: golden.source_job_uuid, p_value: 0.5, is_significant: false } });
  expect(snapshotPayload(fakeRigState(), AT).hunt).toBe(null);
});

describe('rig state', () => {
  test('has instants in ISO 8601 and the pool connection as a fact of its own', () => {
    const state = fakeRigState();
    expect(rigStatePayloadOf(state, AT)).toMatchObject({ at: '2025-12-18T18:00:10.000Z', started_at: '2025-12-18T18:00:00.000Z', last_accepted_at: '2025-12-18T18:00:05.000Z', pool: 'demo', pool_connected: true, paused: false });
    const lost = { ...state, pools: state.pools.map((pool) => ({ ...pool, status: 'backing_off' as const })) };
    expect(rigStatePayloadOf(lost, AT).pool_connected).toBe(false);
    expect(rigStatePayloadOf({ ...state, mining: { ...state.mining, status: 'paused' } }, AT).paused).toBe(true);
  });

  test('info names each driver once', () => {
    expect(infoPayloadOf(fakeRigState({ devices: [fakeDevice(), fakeDevice({ id: 'cpu-2' })] })).drivers).toEqual(['cpu']);
  });
});

describe('device state', () => {
  test('efficiency is joules per terahash, and unknown when a part of it is', () => {
    expect(deviceStatePayloadOf(fakeDevice({ hashrate_hs: 1.2e12, power_w: 18 }), AT).efficiency_j_per_th).toBeCloseTo(15, 12);
    expect(deviceStatePayloadOf(fakeDevice({ hashrate_hs: 0, power_w: 18 }), AT).efficiency_j_per_th).toBeNull();
    expect(deviceStatePayloadOf(fakeDevice({ power_w: null }), AT).efficiency_j_per_th).toBeNull();
  });

  test('what is unknown stays unknown', () => {
    expect(deviceStatePayloadOf(fakeDevice({ hashrate_hs: null, temp_c: null, hashes_total: null }), AT)).toMatchObject({ hashrate_hs: null, temp_c: null, power_w: null, hashes_total: null });
  });

  test.each([
    ['hashing', 'online'],
    ['paused', 'online'],
    ['idle', 'online'],
    ['init', 'offline'],
    ['fault', 'offline'],
    ['stopped', 'offline'],
  ] as const)('%s is %s', (status, availability) => {
    expect(deviceAvailability(fakeDevice({ status }))).toBe(availability);
  });
});

test('a device whose id cannot be a topic level has no topics', () => {
  const topics = stateMessages(scope, fakeRigState({ devices: [fakeDevice({ id: 'request' })] }), AT).map(({ topic }) => topic);
  expect(topics.filter((topic) => topic.includes('request'))).toEqual([]);
});

test('a pool tells its role, why, and what became of it lately', () => {
  const history = [
    { status: 'mining' as const, reason: null, at: AT - 9000 },
    { status: 'backing_off' as const, reason: 'not one line within 180 s', at: AT - 1000 },
  ];
  const pools = [fakePool({ status: 'backing_off', role: 'down', role_reason: 'not one line within 180 s', role_since: AT - 1000, failures: 1, next_attempt_at: AT, history, quota: 3, work_share: 0.25 })];
  const payload = stateMessages(scope, fakeRigState({ pools }), AT).find(({ key }) => key === 'pools')!.payload;
  expect(TOPICS.pools.payload.safeParse(payload).error).toBeUndefined();
  expect(payload).toMatchObject([
    { role: 'down', role_reason: 'not one line within 180 s', role_since: '2025-12-18T18:00:09.000Z', failures: 1, next_attempt_at: '2025-12-18T18:00:10.000Z', quota: 3, work_share: 0.25, history: [{ status: 'mining', at: '2025-12-18T18:00:01.000Z' }, { status: 'backing_off', reason: 'not one line within 180 s' }] },
  ]);
});

test('a pool tells what became of its shares, and the rig the sums', () => {
  const account = { ...noPoolAccount(), sent: 200, rejected: 3, stale: 1, found: 210, hashes: 1e15, expected_shares: 200, luck: { ratio: 1.05, low: 0.9, high: 1.2 }, pool_hashrate_hs: { value: 1e12, low: 9e11, high: 1.1e12 }, reject_reasons: { late: 1 }, last_accepted_at: 1_766_000_000_000 };
  const state = fakeRigState({ pools: [fakePool({ account }), fakePool({ id: 'other' })] });
  const [first, other] = poolsPayloadOf(state);
  expect(first!.account).toMatchObject({ sent: 200, reject_percent: 2, luck: { ratio: 1.05 }, pool_hashrate_hs: { low: 9e11 }, last_accepted_at: '2025-12-17T19:33:20.000Z' });
  expect(other!.account).toMatchObject({ sent: 0, reject_percent: null, luck: null });
  expect(rigStatePayloadOf(state, 0)).toMatchObject({ reject_percent: 2, luck: 1.05, pool_hashrate_hs: 1e12, alarms: 0 });
});

test('a pool tells whom its newest job pays, without the list of all it pays', () => {
  const outputs = Array.from({ length: 16 }, (_, index) => ({ address: index === 0 ? 'bc1qpool' : null, script: '51', value_sat: 100 - index }));
  const payout = { expected_address: 'bc1qme', expected_from: 'user' as const, paid_sat: 0, total_sat: 312_500_000, paid_percent: 0, outputs, output_count: 300, tag: '/pool/', height: 840_000, verdict: 'pays_pool' as const, explanation: 'pays bc1qpool' };
  const payload = poolsPayloadOf(fakeRigState({ pools: [fakePool({ payout }), fakePool({ id: 'fresh' })] }));
  expect(TOPICS.pools.payload.safeParse(payload).error).toBeUndefined();
  expect(payload.map((pool) => pool.payout)).toEqual([
    { expected_address: 'bc1qme', expected_from: 'user', paid_sat: 0, total_sat: 312_500_000, paid_percent: 0, payee: 'bc1qpool', output_count: 300, tag: '/pool/', height: 840_000, verdict: 'pays_pool', explanation: 'pays bc1qpool' },
    null,
  ]);
});

test('alarms that are on are counted, those that ended are kept in the list', () => {
  const alarm = { kind: 'pool_silent', subject: 'demo', raised_at: 0, healed_at: null, message: 'm' } as const;
  const state = fakeRigState({ alarms: [alarm, { ...alarm, healed_at: 60_000 }] });
  expect(rigStatePayloadOf(state, 0).alarms).toBe(1);
  expect(alarmsPayloadOf(state)).toEqual([
    { kind: 'pool_silent', subject: 'demo', severity: 'warning', raised_at: '1970-01-01T00:00:00.000Z', healed_at: null, message: 'm' },
    { kind: 'pool_silent', subject: 'demo', severity: 'warning', raised_at: '1970-01-01T00:00:00.000Z', healed_at: '1970-01-01T00:01:00.000Z', message: 'm' },
  ]);
});
