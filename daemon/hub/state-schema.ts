/** The state tree for programs that read /api/state or the live stream. The compiler holds it against `daemon/telemetry/state.ts`, where each field is explained. */
import { z } from 'zod';
import type { RigState } from './api-types.ts';

const number = z.number();
const known = number.nullable();
const text = z.string();
const words = text.nullable();
const at = number.describe('Milliseconds since the epoch.');
const when = at.nullable();
const tally = z.record(text, number);
const range = z.strictObject({ value: number, low: number, high: number });

const shares = z.strictObject({ accepted: number, rejected: number, stale: number, unknown: number, withheld: number, hardware_errors: number, duplicates: number, blocks: number, best_difficulty: known, last_accepted_at: when });
const delay = z.strictObject({ count: number, p50_ms: number, p99_ms: number, max_ms: number }).nullable();

const device = z.strictObject({
  id: text,
  title: text,
  driver: text,
  capabilities: z.array(z.enum(['pause', 'restart', 'identify', 'set_threads', 'set_limit_percent', 'set_frequency_mhz', 'set_voltage_v', 'set_fan_percent'])),
  status: z.enum(['init', 'idle', 'hashing', 'paused', 'fault', 'stopped']),
  reason: words,
  hashrate_hs: known.describe('Hashes really computed per second, mean of about 10 s.'),
  hashes_total: known,
  hashes_estimated: z.boolean().optional(),
  temp_c: known,
  power_w: known,
  detail: z.record(text, z.unknown()),
  shares,
});

const sourceStatus = z.enum(['idle', 'connecting', 'handshaking', 'waiting_for_job', 'mining', 'backing_off', 'auth_failed', 'stopped']);
const account = z.strictObject({
  sent: number,
  accepted: number,
  rejected: number,
  stale: number,
  unknown: number,
  withheld: number,
  accepted_difficulty: number,
  rejected_difficulty: number,
  best_difficulty: known,
  last_accepted_at: when,
  reject_reasons: tally,
  latency_ms: z.strictObject({ p50: number, p99: number }).nullable(),
  hashes: known,
  found: number,
  expected_shares: known,
  luck: z.strictObject({ ratio: number, low: number, high: number }).nullable(),
  pool_hashrate_hs: range.nullable(),
  explanation: words,
});
const payout = z.strictObject({
  expected_address: words,
  expected_from: z.enum(['config', 'user']).nullable(),
  paid_sat: known,
  total_sat: number,
  paid_percent: known,
  outputs: z.array(z.strictObject({ address: words, script: text, value_sat: number })),
  output_count: number,
  tag: words,
  height: known,
  verdict: z.enum(['pays_expected', 'does_not_pay_expected', 'pays_pool', 'payee_changed', 'unreadable']),
  explanation: text,
});
const pool = z.strictObject({
  id: text,
  kind: z.enum(['stratum_v1', 'gbt']),
  url: text.describe('Without credentials.'),
  user: words,
  status: sourceStatus,
  reason: words,
  since: at,
  failures: number,
  next_attempt_at: when,
  last_heard_at: when,
  history: z.array(z.strictObject({ status: sourceStatus, reason: words, at })),
  difficulty: known,
  version_mask: words,
  jobs_received: number,
  last_job_at: when,
  bad_lines: number,
  reconnects: number,
  latency_ms: known,
  message: words,
  role: z.enum(['active', 'standby', 'returning', 'down']),
  role_reason: words,
  role_since: at,
  quota: known,
  work_share: known,
  account,
  payout: payout.nullable(),
});

const served = { accepted: number, rejected: number, stale: number, duplicate: number, accepted_difficulty: number, forwarded: number, forwarded_rejected: number, blocks: number, best_difficulty: known, last_share_at: when };
const worker = z.strictObject({
  ...served,
  name: text,
  connections: number,
  address: words,
  user_agent: words,
  connected_since: when,
  difficulty: known,
  version_mask: words,
  hashrate_hs: z.strictObject({ m1: known, m5: known, m15: known, h1: known }),
  reject_reasons: tally,
});
const server = z.strictObject({ status: z.enum(['stopped', 'listening', 'failed']), reason: words, address: words, miners: number, hashrate_hs: known, refused_connections: number, totals: z.strictObject(served), workers: z.array(worker), worker_count: number });

const score = { log_prime_sse: known, sdg_h_norm_l2: known, p_value: known.describe('How often fields without structure score at least as well.') };
const hunt = z.strictObject({
  status: z.enum(['idle', 'running', 'pausing', 'paused', 'stopping', 'stopped', 'completed', 'failed']),
  reason: words,
  hunt_id: words,
  engine: z.enum(['local', 'bullmq']),
  generation: known.describe('Counted from 0.'),
  generations: known,
  population: known,
  jobs_total: known,
  jobs_done: number,
  jobs_failed: number,
  running: z.array(z.strictObject({ job_uuid: text, generation: number, step: z.enum(['simulate', 'validate']), done: number })),
  eta_secs: known,
  started_at: when,
  ended_at: when,
  last_event: words,
  last_event_at: when,
  last_sse: known,
  last_h_norm: known,
  last_p_value: known,
  best: z.strictObject({ job_uuid: text, generation: number, fitness: number, ...score }).nullable(),
  golden: z.strictObject({ source_job_uuid: text, ...score, is_stable: z.boolean(), is_significant: z.boolean() }).nullable(),
});

export const stateSchema: z.ZodType<RigState> = z.strictObject({
  node: z.strictObject({ id: text, version: text, mode: z.enum(['demo', 'test', 'staging', 'live']), pid: number, started_at: at, uptime_secs: number }),
  mining: z.strictObject({
    status: z.enum(['starting', 'mining', 'paused', 'no_pool', 'no_device', 'stopping', 'stopped']),
    reason: words,
    hashrate_hs: known,
    pool: words,
    shares,
    delays: z.strictObject({ job_sent: delay, share_sent: delay }),
    session: z.strictObject({ round: number, target_zeros: number, best_zeros: number }).nullable(),
    last_reject: words,
  }),
  pools: z.array(pool),
  devices: z.array(device),
  alarms: z.array(z.strictObject({ kind: z.enum(['pool_silent', 'pool_auth', 'reject_rate', 'no_share', 'payee_changed', 'all_pools_dead']), subject: text, raised_at: at, healed_at: when, message: text })).describe('Those that are on, and the last ones that were.'),
  server: server.nullable().describe('The LAN pool; null = off.'),
  economy: z.strictObject({ currency: text, priced: z.strictObject({ btc: z.boolean(), electricity: z.boolean() }), network_difficulty: known, btc_per_day: known, revenue_per_day: known, power_w: known, cost_per_day: known, profit_per_day: known, days_per_block: known, explanation: text }),
  hunt: hunt.nullable().describe('The hunt that runs, or the last one; null = hunts are off.'),
  ledger: z.strictObject({ accepted: number, written: number, queued: number, backup: number, emergency: number, lost: number, corrupt_files: number, files_behind: number, last_error: words, degraded: z.boolean(), last_seq: number, chain: text }),
});
