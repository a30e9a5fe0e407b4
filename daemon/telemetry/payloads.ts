/** State tree -> MQTT messages. Pure: same state and time in, same messages out. */
import { SEVERITY } from '../alarms/rule.ts';
import type { DeviceTelemetry, EconomyState, HuntTelemetry, PayoutState, PoolAccountState, RigEvent, RigState, ShareCounts, ServerState } from './state.ts';
import { isDeviceLevel, outbound, type OutboundMessage, type PayloadOf, type TopicScope } from './topics.ts';

/** What the process and the machine look like; read by host-health.ts. */
export type HostHealth = Omit<PayloadOf<'health'>, 'at' | 'uptime_secs' | 'job_sent_p99_ms' | 'share_sent_p99_ms' | 'mqtt' | 'devices'>;

const instant = (ms: number): string => new Date(ms).toISOString();
const instantOrNull = (ms: number | null): string | null => (ms === null ? null : instant(ms));

function shareFields(shares: ShareCounts): Omit<ShareCounts, 'last_accepted_at'> & { last_accepted_at: string | null } {
  const { accepted, rejected, stale, unknown, withheld, hardware_errors, duplicates, blocks, best_difficulty } = shares;
  return { accepted, rejected, stale, unknown, withheld, hardware_errors, duplicates, blocks, best_difficulty, last_accepted_at: instantOrNull(shares.last_accepted_at) };
}

/** Payload of the `info` topic. */
export function infoPayloadOf(state: RigState): PayloadOf<'info'> {
  const { id, version, mode, pid, started_at } = state.node;
  const drivers = [...new Set(state.devices.map((device) => device.driver))].sort();
  return { schema: 1, node: id, version, mode, pid, started_at: instant(started_at), runtime: process.version, platform: `${process.platform}-${process.arch}`, drivers };
}

/** Payload of the rig's `state` topic. */
export function rigStatePayloadOf(state: RigState, at: number): PayloadOf<'state'> {
  const { mining, ledger } = state;
  return {
    at: instant(at),
    mode: state.node.mode,
    status: mining.status,
    reason: mining.reason,
    paused: mining.status === 'paused',
    hashrate_hs: mining.hashrate_hs,
    pool: mining.pool,
    pool_connected: state.pools.some((pool) => pool.status === 'mining'),
    ...shareFields(mining.shares),
    last_reject: mining.last_reject,
    reject_percent: rejectPercent(state.pools.map(({ account }) => account)),
    luck: luckOf(state.pools.map(({ account }) => account)),
    pool_hashrate_hs: state.pools.find(({ id }) => id === mining.pool)?.account.pool_hashrate_hs?.value ?? null,
    alarms: state.alarms.filter(({ healed_at }) => healed_at === null).length,
    economy: economyPayload(state.economy),
    session: mining.session === null ? null : { round: mining.session.round, target_zeros: mining.session.target_zeros, best_zeros: mining.session.best_zeros },
    started_at: instant(state.node.started_at),
    uptime_secs: state.node.uptime_secs,
    ledger: {
      accepted: ledger.accepted,
      written: ledger.written,
      queued: ledger.queued,
      backup: ledger.backup,
      emergency: ledger.emergency,
      lost: ledger.lost,
      files_behind: ledger.files_behind,
      degraded: ledger.degraded,
      last_error: ledger.last_error,
      last_seq: ledger.last_seq,
      chain: ledger.chain === '' ? null : ledger.chain,
    },
  };
}

/** Payload of a device's `state` topic. */
export function deviceStatePayloadOf(device: DeviceTelemetry, at: number): PayloadOf<'deviceState'> {
  const { title, driver, status, reason, hashrate_hs, hashes_total, temp_c, power_w, detail } = device;
  const efficiency = power_w !== null && hashrate_hs !== null && hashrate_hs > 0 ? power_w / (hashrate_hs / 1e12) : null;
  return {
    at: instant(at),
    title,
    driver,
    status,
    reason,
    paused: status === 'paused',
    hashrate_hs,
    hashes_total,
    temp_c,
    power_w,
    efficiency_j_per_th: efficiency,
    ...shareFields(device.shares),
    detail: { ...detail },
  };
}

/** A device that is not open, broken or stopped cannot be believed; its fine state is in `status`. */
export function deviceAvailability(device: DeviceTelemetry): PayloadOf<'deviceAvailability'> {
  return device.status === 'init' || device.status === 'fault' || device.status === 'stopped' ? 'offline' : 'online';
}

/** Payload of the `pools` topic. */
export function poolsPayloadOf(state: RigState): PayloadOf<'pools'> {
  return state.pools.map((pool) => ({
    id: pool.id,
    kind: pool.kind,
    url: pool.url,
    user: pool.user,
    status: pool.status,
    reason: pool.reason,
    since: instant(pool.since),
    role: pool.role,
    role_reason: pool.role_reason,
    role_since: instant(pool.role_since),
    quota: pool.quota,
    work_share: pool.work_share,
    failures: pool.failures,
    next_attempt_at: instantOrNull(pool.next_attempt_at),
    last_heard_at: instantOrNull(pool.last_heard_at),
    history: pool.history.map(({ status, reason, at }) => ({ status, reason, at: instant(at) })),
    difficulty: pool.difficulty,
    version_mask: pool.version_mask,
    jobs_received: pool.jobs_received,
    last_job_at: instantOrNull(pool.last_job_at),
    bad_lines: pool.bad_lines,
    reconnects: pool.reconnects,
    latency_ms: pool.latency_ms,
    message: pool.message,
    payout: pool.payout && payoutPayloadOf(pool.payout),
    account: accountPayload(pool.account),
  }));
}

/** Without the list of outputs: a pool that pays its miners in the coinbase has hundreds. */
function payoutPayloadOf({ outputs, expected_address, expected_from, paid_percent, paid_sat, total_sat, output_count, tag, height, verdict, explanation }: PayoutState): NonNullable<PayloadOf<'pools'>[number]['payout']> {
  return { expected_address, expected_from, paid_percent, paid_sat, total_sat, payee: outputs[0]?.address ?? null, output_count, tag, height, verdict, explanation };
}

function accountPayload(account: PoolAccountState): PayloadOf<'pools'>[number]['account'] {
  const { sent, accepted, rejected, stale, unknown, withheld, accepted_difficulty, rejected_difficulty, best_difficulty, hashes, found, expected_shares, explanation } = account;
  return {
    sent,
    accepted,
    rejected,
    stale,
    unknown,
    withheld,
    reject_percent: rejectPercent([account]),
    accepted_difficulty,
    rejected_difficulty,
    best_difficulty,
    last_accepted_at: instantOrNull(account.last_accepted_at),
    reject_reasons: { ...account.reject_reasons },
    latency_ms: account.latency_ms && { p50: account.latency_ms.p50, p99: account.latency_ms.p99 },
    hashes,
    found,
    expected_shares,
    luck: account.luck && { ratio: account.luck.ratio, low: account.luck.low, high: account.luck.high },
    pool_hashrate_hs: account.pool_hashrate_hs && { value: account.pool_hashrate_hs.value, low: account.pool_hashrate_hs.low, high: account.pool_hashrate_hs.high },
    explanation,
  };
}

/** Rejected and late shares in percent of those sent; null before the first. */
function rejectPercent(accounts: readonly PoolAccountState[]): number | null {
  const sent = accounts.reduce((sum, account) => sum + account.sent, 0);
  return sent === 0 ? null : (accounts.reduce((sum, { rejected, stale }) => sum + rejected + stale, 0) / sent) * 100;
}

/** Found over expected of all pools; null while one share is not to be expected yet. */
function luckOf(accounts: readonly PoolAccountState[]): number | null {
  const expected = accounts.reduce((sum, account) => sum + (account.expected_shares ?? 0), 0);
  return expected < 1 ? null : accounts.reduce((sum, { found }) => sum + found, 0) / expected;
}

function economyPayload({ currency, network_difficulty, btc_per_day, revenue_per_day, power_w, cost_per_day, profit_per_day, days_per_block, explanation }: EconomyState): PayloadOf<'state'>['economy'] {
  return { currency, network_difficulty, btc_per_day, revenue_per_day, power_w, cost_per_day, profit_per_day, days_per_block, explanation };
}

/** Payload of the `alarms` topic. */
export function alarmsPayloadOf(state: RigState): PayloadOf<'alarms'> {
  return state.alarms.map(({ kind, subject, raised_at, healed_at, message }) => ({ kind, subject, severity: SEVERITY[kind], raised_at: instant(raised_at), healed_at: instantOrNull(healed_at), message }));
}

/** Workers in one message: a broker with a small limit still takes it. */
const WORKERS_TOLD = 32;

/** Payload of the `server` topic. */
export function serverPayloadOf(server: ServerState, at: number): PayloadOf<'server'> {
  const { status, reason, address, miners, hashrate_hs, worker_count, refused_connections, totals } = server;
  return { at: instant(at), status, reason, address, miners, hashrate_hs, worker_count, refused_connections, ...totals, last_share_at: instantOrNull(totals.last_share_at) };
}

/** Payload of the `server/workers` topic. */
export function serverWorkersPayloadOf(server: ServerState): PayloadOf<'serverWorkers'> {
  return server.workers.slice(0, WORKERS_TOLD).map((worker) => ({
    ...worker,
    connected_since: instantOrNull(worker.connected_since),
    last_share_at: instantOrNull(worker.last_share_at),
    hashrate_hs: { ...worker.hashrate_hs },
    reject_reasons: { ...worker.reject_reasons },
  }));
}

/** Payload of the `hunt` topic. */
export function huntPayloadOf(hunt: HuntTelemetry, at: number): PayloadOf<'hunt'> {
  const { running, started_at, ended_at, last_event_at, best: _best, golden: _golden, ...rest } = hunt;
  const { jobs_total: total, jobs_done: done } = rest;
  return {
    at: instant(at),
    ...rest,
    jobs_running: running.length,
    progress_percent: total === null ? null : total === 0 ? 100 : Math.min(100, Math.floor((100 * done) / total)),
    started_at: instantOrNull(started_at),
    ended_at: instantOrNull(ended_at),
    last_event_at: instantOrNull(last_event_at),
  };
}

/** Payload of the `hunt/best` topic. */
export function huntBestPayloadOf({ hunt_id, best, golden }: HuntTelemetry): PayloadOf<'huntBest'> {
  if (golden === null) return { hunt_id, best: best && { ...best }, golden: null };
  const { source_job_uuid: job_uuid, ...medians } = golden;
  return { hunt_id, best: best && { ...best }, golden: { job_uuid, ...medians } };
}

/** Devices that can have topics of their own. */
export function addressableDevices(state: RigState): readonly DeviceTelemetry[] {
  return state.devices.filter((device) => isDeviceLevel(device.id));
}

/** Payload of the `devices` topic. */
export function devicesPayloadOf(state: RigState): PayloadOf<'devices'> {
  return addressableDevices(state).map(({ id, title, driver, capabilities }) => ({ id, title, driver, capabilities: [...capabilities] }));
}

/** Everything retained that follows from the state: info, devices, pools, alarms, the rig's state, each device's state and availability. */
export function stateMessages(scope: TopicScope, state: RigState, at: number): OutboundMessage[] {
  return [
    outbound(scope, 'info', {}, infoPayloadOf(state)),
    outbound(scope, 'devices', {}, devicesPayloadOf(state)),
    outbound(scope, 'state', {}, rigStatePayloadOf(state, at)),
    outbound(scope, 'pools', {}, poolsPayloadOf(state)),
    outbound(scope, 'alarms', {}, alarmsPayloadOf(state)),
    ...(state.server === null ? [] : [outbound(scope, 'server', {}, serverPayloadOf(state.server, at)), outbound(scope, 'serverWorkers', {}, serverWorkersPayloadOf(state.server))]),
    ...(state.hunt === null ? [] : [outbound(scope, 'hunt', {}, huntPayloadOf(state.hunt, at)), outbound(scope, 'huntBest', {}, huntBestPayloadOf(state.hunt))]),
    ...addressableDevices(state).flatMap((device) => [
      outbound(scope, 'deviceAvailability', { device: device.id }, deviceAvailability(device)),
      outbound(scope, 'deviceState', { device: device.id }, deviceStatePayloadOf(device, at)),
    ]),
  ];
}

/** The `health` message. */
export function healthMessage(scope: TopicScope, state: RigState, host: HostHealth, mqtt: PayloadOf<'health'>['mqtt'], at: number): OutboundMessage {
  const devices = addressableDevices(state).map(({ id, status, shares }) => ({ id, status, hardware_errors: shares.hardware_errors, duplicates: shares.duplicates }));
  const { job_sent, share_sent } = state.mining.delays;
  return outbound(scope, 'health', {}, { at: instant(at), uptime_secs: state.node.uptime_secs, ...host, job_sent_p99_ms: job_sent?.p99_ms ?? null, share_sent_p99_ms: share_sent?.p99_ms ?? null, mqtt, devices });
}

/** An `event` message. */
export function eventMessage(scope: TopicScope, event: RigEvent): OutboundMessage {
  return outbound(scope, 'event', {}, { type: event.type, at: instant(event.at), device: event.device, message: event.message, data: { ...event.data } });
}

/** Whole state in one answer: what the `state` request returns. */
export function snapshotPayload(state: RigState, at: number): Record<string, unknown> {
  return {
    info: infoPayloadOf(state),
    state: rigStatePayloadOf(state, at),
    pools: poolsPayloadOf(state),
    alarms: alarmsPayloadOf(state),
    server: state.server === null ? null : { ...serverPayloadOf(state.server, at), workers: serverWorkersPayloadOf(state.server) },
    hunt: state.hunt === null ? null : { ...huntPayloadOf(state.hunt, at), ...huntBestPayloadOf(state.hunt) },
    devices: Object.fromEntries(addressableDevices(state).map((device) => [device.id, { availability: deviceAvailability(device), ...deviceStatePayloadOf(device, at) }])),
  };
}
