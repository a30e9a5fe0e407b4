/** A made-up rig for tests of whatever reads the state tree. */
import type { Capability } from '../../drivers/contract.ts';
import { noEconomy } from '../economy/economy.ts';
import { noPoolAccount } from '../mining/pool-account.ts';
import { noShares } from '../mining/share-account.ts';
import type { DeviceTelemetry, HuntTelemetry, PoolTelemetry, RigState, StateSource, ServerState } from './state.ts';

const START = Date.UTC(2025, 11, 18, 18, 0, 0);

/** A CPU that hashes; override what matters. */
export function fakeDevice(overrides: Partial<DeviceTelemetry> = {}): DeviceTelemetry {
  const capabilities: Capability[] = ['pause', 'restart', 'set_threads', 'set_limit_percent'];
  return {
    id: 'cpu',
    title: 'CPU',
    driver: 'cpu',
    capabilities,
    status: 'hashing',
    reason: null,
    hashrate_hs: 12_500_000,
    hashes_total: 125_000_000,
    temp_c: 51.5,
    power_w: null,
    detail: { kernel: 'sse2', threads: 2, limit_percent: 100 },
    shares: { ...noShares(), accepted: 3, best_difficulty: 0.25, last_accepted_at: START + 5000 },
    ...overrides,
  };
}

/** A rig that mines on one pool with one CPU; override what matters. */
export function fakeRigState(overrides: Partial<RigState> = {}): RigState {
  return {
    node: { id: 'rig1', version: '0.1.0', mode: 'demo', pid: 4242, started_at: START, uptime_secs: 10 },
    mining: {
      status: 'mining',
      reason: null,
      hashrate_hs: 12_500_000,
      pool: 'demo',
      shares: { ...noShares(), accepted: 3, best_difficulty: 0.25, last_accepted_at: START + 5000 },
      delays: { job_sent: { count: 12, p50_ms: 1.5, p99_ms: 4, max_ms: 6.5 }, share_sent: null },
      session: { round: 1, target_zeros: 6, best_zeros: 7 },
      last_reject: null,
    },
    pools: [fakePool()],
    devices: [fakeDevice()],
    alarms: [],
    server: null,
    economy: noEconomy('EUR', 'no figures are configured under economy'),
    hunt: null,
    ledger: { accepted: 12, written: 12, queued: 0, backup: 0, emergency: 0, lost: 0, corrupt_files: 0, files_behind: 0, last_seq: 0, chain: '', last_error: null, degraded: false },
    ...overrides,
  };
}

/** A hunt in its second generation, with a champion so far; override what matters. */
export function fakeHunt(overrides: Partial<HuntTelemetry> = {}): HuntTelemetry {
  return {
    status: 'running',
    reason: null,
    hunt_id: '1a2b3c4d-0000-4000-8000-000000000000',
    engine: 'local',
    generation: 1,
    generations: 10,
    population: 10,
    jobs_total: 100,
    jobs_done: 12,
    jobs_failed: 1,
    running: [{ job_uuid: '00000000-0000-4000-8000-00000000000c', generation: 1, step: 'simulate', done: 0.5 }],
    eta_secs: 754,
    started_at: START,
    ended_at: null,
    last_event: 'generation 1 of 10 begun: 10 jobs',
    last_event_at: START + 9000,
    last_sse: 3.75,
    last_h_norm: 0.002,
    last_p_value: 0.4,
    best: { job_uuid: '00000000-0000-4000-8000-000000000003', generation: 0, fitness: 0.25, log_prime_sse: 3.5, sdg_h_norm_l2: 0.0015, p_value: 0.06 },
    golden: null,
    ...overrides,
  };
}

/** A pool that is mined for, unless a test says otherwise. */
export function fakePool(overrides: Partial<PoolTelemetry> = {}): PoolTelemetry {
  return {
    id: 'demo',
    kind: 'stratum_v1',
    url: 'stratum+tcp://127.0.0.1:3333',
    user: 'demo.rig1',
    status: 'mining',
    reason: null,
    since: START + 1000,
    failures: 0,
    next_attempt_at: null,
    last_heard_at: START + 9000,
    history: [{ status: 'mining', reason: null, at: START + 1000 }],
    difficulty: 0.001,
    version_mask: '1fffe000',
    jobs_received: 4,
    last_job_at: START + 9000,
    bad_lines: 0,
    reconnects: 0,
    latency_ms: 2.5,
    message: null,
    role: 'active',
    role_reason: null,
    role_since: START + 1000,
    quota: null,
    work_share: null,
    account: noPoolAccount(),
    payout: null,
    ...overrides,
  };
}

/** A LAN pool with 40 workers. */
export function fakeServer(overrides: Partial<ServerState> = {}): ServerState {
  const worker = {
    connections: 1,
    address: '192.168.1.20',
    user_agent: 'bitaxe/2.4',
    connected_since: START,
    difficulty: 1024,
    version_mask: '1fffe000',
    accepted: 7,
    rejected: 0,
    stale: 1,
    duplicate: 0,
    accepted_difficulty: 7168,
    forwarded: 2,
    forwarded_rejected: 0,
    blocks: 0,
    best_difficulty: 50_000,
    last_share_at: START + 5000,
    hashrate_hs: { m1: 1e12, m5: 1.1e12, m15: null, h1: null },
    reject_reasons: { Stale: 1 },
  };
  return {
    status: 'listening',
    reason: null,
    address: '0.0.0.0:3333',
    miners: 40,
    hashrate_hs: 1.2e12,
    refused_connections: 0,
    totals: { accepted: 7, rejected: 0, stale: 1, duplicate: 0, accepted_difficulty: 7168, forwarded: 2, forwarded_rejected: 0, blocks: 0, best_difficulty: 50_000, last_share_at: START + 5000 },
    workers: Array.from({ length: 40 }, (_, n) => ({ ...worker, name: `rack.${n}` })),
    worker_count: 40,
    ...overrides,
  };
}

/** A StateSource whose state a test may replace. */
export class FakeStateSource implements StateSource {
  state: RigState;

  constructor(state: RigState = fakeRigState()) {
    this.state = state;
  }

  snapshot(): RigState {
    return this.state;
  }
}
