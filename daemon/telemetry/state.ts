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
  readonly pools: readonly SourceState[];
  readonly devices: readonly DeviceTelemetry[];
  readonly ledger: LedgerStats;
}

/** Reads the present state; cheap enough to call every second. */
export interface StateSource {
  snapshot(): RigState;
}

/** Events a person or a home automation wants to hear of at once. */
export interface RigEvent {
  readonly type: 'block_found' | 'share_accepted' | 'share_rejected' | 'pool_lost' | 'pool_ready' | 'device_fault' | 'device_paused' | 'device_resumed' | 'ledger_degraded' | 'ledger_recovered' | 'daemon_started' | 'daemon_stopping';
  /** Wall clock, ms since the epoch. */
  readonly at: number;
  readonly device: string | null;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}
