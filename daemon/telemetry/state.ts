/** The one state tree. Every publisher (MQTT, Home Assistant, TTY, later Prometheus and the hub) reads this and nothing else. */
import type { DeviceState, Capability } from '../../drivers/contract.ts';
import type { DelaySummary } from '../mining/delays.ts';
import type { LedgerStats } from '../ledger/contract.ts';
import type { Mode } from '../brainstem/contract.ts';
import type { SourceState } from '../mining/job.ts';

/** Counts since start and what they mean for a person. `null` = unknown. */
export interface ShareCounts {
  readonly accepted: number;
  readonly rejected: number;
  readonly stale: number;
  /** Sent, never answered. */
  readonly unknown: number;
  /** Found and deliberately not sent (staging, auto_submit off, session gone). */
  readonly withheld: number;
  /** Nonces that did not hash to the target the device claimed. */
  readonly hardware_errors: number;
  /** The same nonce twice: never sent. */
  readonly duplicates: number;
  readonly blocks: number;
  readonly best_difficulty: number | null;
  readonly last_accepted_at: number | null;
}

export interface DeviceTelemetry extends DeviceState {
  readonly id: string;
  readonly title: string;
  readonly driver: string;
  readonly capabilities: readonly Capability[];
  readonly shares: ShareCounts;
}

export type MiningStatus = 'starting' | 'mining' | 'paused' | 'no_pool' | 'no_device' | 'stopping' | 'stopped';

/**
 * `active`: being mined for. `standby`: has work and waits for its turn. `returning`: works again, and has to keep
 * working for a while before it is mined for. `down`: no work.
 */
export type PoolRole = 'active' | 'standby' | 'returning' | 'down';

/** What a pool made of our shares since start; difficulties in units of 0xffff << 208. `null` = unknown. */
export interface PoolAccountState {
  readonly sent: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly stale: number;
  readonly unknown: number;
  readonly withheld: number;
  /** Sum of the difficulties (of their jobs) of the accepted shares. */
  readonly accepted_difficulty: number;
  readonly rejected_difficulty: number;
  readonly best_difficulty: number | null;
  readonly last_accepted_at: number | null;
  /** Plain words of a rejection to how often it was given, most frequent first, 16 at most. */
  readonly reject_reasons: Readonly<Record<string, number>>;
  readonly latency_ms: { readonly p50: number; readonly p99: number } | null;
  /** Hashes our own devices computed for this pool; null = they do not tell. */
  readonly hashes: number | null;
  /** Shares our own devices found for it, whatever became of them; those of miners in the house are not among them. */
  readonly found: number;
  /** Shares that many hashes should have given. */
  readonly expected_shares: number | null;
  /** `found` over `expected_shares`, with the 95 % interval that so many shares leave open. */
  readonly luck: { readonly ratio: number; readonly low: number; readonly high: number } | null;
  /** Rate the pool can see, from accepted shares of the last hour (or since we first mined for it), with its 95 % interval. */
  readonly pool_hashrate_hs: { readonly value: number; readonly low: number; readonly high: number } | null;
  /** Whether and why it differs from the local rate, for a person. */
  readonly explanation: string | null;
}

/** Whom the newest job of a pool pays. Values in satoshi. */
export interface PayoutState {
  /** Address that must be paid; null = none is known. */
  readonly expected_address: string | null;
  readonly expected_from: 'config' | 'user' | null;
  /** Satoshi to that address; null = none is known. */
  readonly paid_sat: number | null;
  readonly total_sat: number;
  /** paid / total in percent. */
  readonly paid_percent: number | null;
  /** Largest outputs first, 16 at most. */
  readonly outputs: readonly { readonly address: string | null; readonly script: string; readonly value_sat: number }[];
  readonly output_count: number;
  /** Printable text of the coinbase script. */
  readonly tag: string | null;
  readonly height: number | null;
  readonly verdict: 'pays_expected' | 'does_not_pay_expected' | 'pays_pool' | 'payee_changed' | 'unreadable';
  /** The same for a person. */
  readonly explanation: string;
}

export interface PoolTelemetry extends SourceState {
  readonly role: PoolRole;
  readonly role_reason: string | null;
  /** Wall clock of the last change of role. */
  readonly role_since: number;
  /** Weight with the quota strategy; null with the others. */
  readonly quota: number | null;
  /** Part of all work so far that went to this pool, 0..1; null = none was done yet. */
  readonly work_share: number | null;
  readonly account: PoolAccountState;
  readonly payout: PayoutState | null;
}

export type AlarmKind = 'pool_silent' | 'pool_auth' | 'reject_rate' | 'no_share' | 'payee_changed' | 'all_pools_dead';

/** An alarm that is on, or was: raised once, healed once per episode. */
export interface AlarmState {
  readonly kind: AlarmKind;
  /** What it is about: a pool id, or `rig`. */
  readonly subject: string;
  readonly raised_at: number;
  /** Null = it is still on. */
  readonly healed_at: number | null;
  readonly message: string;
}

/** What became of the shares of miners at the LAN pool. */
export interface ServedShares {
  readonly accepted: number;
  readonly rejected: number;
  readonly stale: number;
  readonly duplicate: number;
  /** Sum of the difficulties of the accepted shares. */
  readonly accepted_difficulty: number;
  /** Shares that went on to the pool, and how many of them it refused. */
  readonly forwarded: number;
  readonly forwarded_rejected: number;
  readonly blocks: number;
  readonly best_difficulty: number | null;
  readonly last_share_at: number | null;
}

/** One miner's name at the LAN pool, over all its connections since start. */
export interface WorkerState extends ServedShares {
  readonly name: string;
  readonly connections: number;
  readonly address: string | null;
  readonly user_agent: string | null;
  readonly connected_since: number | null;
  readonly difficulty: number | null;
  readonly version_mask: string | null;
  /** From accepted shares, hashes per second; null = too early to tell. */
  readonly hashrate_hs: { readonly m1: number | null; readonly m5: number | null; readonly m15: number | null; readonly h1: number | null };
  readonly reject_reasons: Readonly<Record<string, number>>;
}

/** The LAN pool. */
export interface ServerState {
  readonly status: 'stopped' | 'listening' | 'failed';
  readonly reason: string | null;
  /** `host:port` listened on. */
  readonly address: string | null;
  readonly miners: number;
  /** Mean of 5 minutes. */
  readonly hashrate_hs: number | null;
  readonly refused_connections: number;
  /** Of all workers since start. */
  readonly totals: ServedShares;
  /** Most work first, 256 at most. */
  readonly workers: readonly WorkerState[];
  readonly worker_count: number;
}

/** Estimates from configured figures only; a figure that is not configured makes what needs it null. */
export interface EconomyState {
  readonly currency: string;
  /** Which prices are configured: what rests on the others is never known. */
  readonly priced: { readonly btc: boolean; readonly electricity: boolean };
  readonly network_difficulty: number | null;
  /** Mean earnings at the present rate; a solo miner gets all or nothing. */
  readonly btc_per_day: number | null;
  readonly revenue_per_day: number | null;
  readonly power_w: number | null;
  readonly cost_per_day: number | null;
  readonly profit_per_day: number | null;
  /** Mean time to a block at the present rate, days. */
  readonly days_per_block: number | null;
  /** What the estimate rests on and what is missing, for a person. */
  readonly explanation: string;
}

/** A run of a hunt in short. `null` = it has no such figure. */
export interface HuntBest {
  readonly job_uuid: string;
  readonly generation: number;
  readonly fitness: number;
  readonly log_prime_sse: number | null;
  readonly sdg_h_norm_l2: number | null;
  /** How often scrambled fields score at least as well: never shown apart from the score. */
  readonly p_value: number | null;
}

export type HuntStatus = 'idle' | 'running' | 'pausing' | 'paused' | 'stopping' | 'stopped' | 'completed' | 'failed';

/** The hunt that runs, or the last one of this daemon's life or of its folder; `idle` with nulls when there was none. */
export interface HuntTelemetry {
  readonly status: HuntStatus;
  /** Why it failed or stopped, or why no job gets on although it runs; null otherwise. */
  readonly reason: string | null;
  readonly hunt_id: string | null;
  readonly engine: 'local' | 'bullmq';
  /** Generation under way, counted from 0. */
  readonly generation: number | null;
  /** Generations it is to have in all. */
  readonly generations: number | null;
  readonly population: number | null;
  /** Of all generations so far and to come; jobs that prove a champion are not among them. */
  readonly jobs_total: number | null;
  readonly jobs_done: number;
  readonly jobs_failed: number;
  /** Under way now, with the part that is done, 0..1. */
  readonly running: readonly { readonly job_uuid: string; readonly generation: number; readonly step: 'simulate' | 'validate'; readonly done: number }[];
  /** To its end at the pace so far, the runs of its champion on fresh seeds included; null = too early to tell, or it does not run. */
  readonly eta_secs: number | null;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly last_event: string | null;
  readonly last_event_at: number | null;
  /** Of the job that ended last. */
  readonly last_sse: number | null;
  readonly last_h_norm: number | null;
  readonly last_p_value: number | null;
  readonly best: HuntBest | null;
  /** Of the champion, over fresh seeds; null = there is none yet. */
  readonly golden: { readonly source_job_uuid: string; readonly log_prime_sse: number | null; readonly sdg_h_norm_l2: number | null; readonly p_value: number | null; readonly is_stable: boolean; readonly is_significant: boolean } | null;
}

export interface RigState {
  readonly node: {
    readonly id: string;
    readonly version: string;
    readonly mode: Mode;
    readonly pid: number;
    readonly started_at: number;
    readonly uptime_secs: number;
  };
  readonly mining: {
    readonly status: MiningStatus;
    readonly reason: string | null;
    readonly hashrate_hs: number | null;
    readonly pool: string | null;
    readonly shares: ShareCounts;
    /** What the daemon itself takes between pool and the wires of devices; null = nothing was sent yet. */
    readonly delays: { readonly job_sent: DelaySummary | null; readonly share_sent: DelaySummary | null };
    readonly session: { readonly round: number; readonly target_zeros: number; readonly best_zeros: number } | null;
    /** Plain words of the last rejection. */
    readonly last_reject: string | null;
  };
  readonly pools: readonly PoolTelemetry[];
  readonly devices: readonly DeviceTelemetry[];
  /** Those that are on, and the last ones that were. */
  readonly alarms: readonly AlarmState[];
  /** Null = the LAN pool is off. */
  readonly server: ServerState | null;
  readonly economy: EconomyState;
  /** Null = hunts are off. */
  readonly hunt: HuntTelemetry | null;
  readonly ledger: LedgerStats;
}

/** Reads the present state; cheap enough to call every second. */
export interface StateSource {
  snapshot(): RigState;
}

/** Events a person or a home automation wants to hear of at once. */
export interface RigEvent {
  readonly type: 'alarm_raised' | 'alarm_healed' | 'pool_switched' | 'block_found' | 'share_accepted' | 'share_rejected' | 'pool_lost' | 'pool_ready' | 'device_fault' | 'device_paused' | 'device_resumed' | 'ledger_degraded' | 'ledger_recovered' | 'daemon_started' | 'daemon_stopping' | 'hunt_started' | 'hunt_resumed' | 'hunt_paused' | 'hunt_stopped' | 'hunt_completed' | 'hunt_failed' | 'hub_failed' | 'hub_recovered';
  /** Wall clock, ms since the epoch. */
  readonly at: number;
  readonly device: string | null;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}
