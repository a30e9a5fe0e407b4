import type { EconomyConfig } from '../../config/schema.ts';
import type { Mode } from '../brainstem/contract.ts';
import type { Ledger } from '../ledger/contract.ts';
import type { SessionState } from '../looping/session.ts';
import type { MiningEngine } from '../mining/engine.ts';
import { economyOf } from '../economy/economy.ts';
import type { PoolRoleState } from '../mining/choice/pool-choice.ts';
import type { SourceState } from '../mining/job.ts';
import type { PayoutWatch } from '../mining/payout/payout-watch.ts';
import type { PoolAccounts } from '../mining/pool-accounts.ts';
import { verdictWords } from '../mining/reject-words.ts';
import { noShares } from '../mining/share-account.ts';
import type { HuntTelemetry, AlarmState, DeviceTelemetry, MiningStatus, PayoutState, PoolAccountState, PoolTelemetry, RigState, ServerState, StateSource } from '../telemetry/state.ts';
import type { Clock } from '../../protocol/common/clock.ts';

export interface RigStateOptions {
  readonly nodeId: string;
  readonly version: string;
  readonly mode: Mode;
  readonly engine: MiningEngine;
  readonly accounts: Pick<PoolAccounts, 'of'>;
  readonly payouts: Pick<PayoutWatch, 'payoutOf'>;
  readonly ledger: Ledger;
  readonly session: () => SessionState | null;
  readonly alarms: () => readonly AlarmState[];
  /** Null = hunts are off. */
  readonly hunt?: () => HuntTelemetry | null;
  /** `economy` of the configuration. */
  readonly economy: EconomyConfig;
  /** Null = the LAN pool is off. Left out: the same. */
  readonly server?: () => ServerState | null;
  readonly clock: Clock;
}

/** Assembles the one state tree from the parts that own the facts. Keeps nothing itself but the last rejection. */
export class RigStateSource implements StateSource {
  readonly #options: RigStateOptions;
  readonly #startedAt: number;
  readonly #startedMono: number;
  #lastReject: string | null = null;
  #stopping = false;

  constructor(options: RigStateOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#startedMono = options.clock.monotonic();
    options.engine.events.on('verdict', (share, verdict) => {
      if (verdict.status === 'accepted' || verdict.status === 'withheld') return;
      this.#lastReject = `${verdictWords(verdict)?.meaning ?? verdict.status} (${share.job.sourceId}: ${verdict.status}, ${verdict.reason}; ${share.deviceId})`;
    });
  }

  /** From now on the mining status reads `stopping`. */
  setStopping(): void {
    this.#stopping = true;
  }

  snapshot(): RigState {
    const { engine, accounts, payouts, ledger, clock, nodeId, version, mode } = this.#options;
    const devices = engine.devices.map((device): DeviceTelemetry => {
      const shares = engine.accountOf(device.id)?.snapshot() ?? noShares();
      return { id: device.id, title: device.title, driver: device.driver, capabilities: [...device.capabilities], ...device.state(), shares };
    });
    const roles = engine.roles();
    const pools = engine.sources.map((source) => poolTelemetry(source.state(), roles.get(source.id)!, accounts.of(source.id), payouts.payoutOf(source.id), clock.now()));
    const server = this.#options.server?.() ?? null;
    const { status, reason } = this.#miningStatus(devices, pools, server);
    const hashrateHs = sumKnown(devices.map((device) => device.hashrate_hs));
    const active = engine.activeSource;
    return {
      node: { id: nodeId, version, mode, pid: process.pid, started_at: this.#startedAt, uptime_secs: Math.floor((clock.monotonic() - this.#startedMono) / 1000) },
      mining: {
        status,
        reason,
        hashrate_hs: hashrateHs,
        pool: active,
        shares: engine.account.snapshot(),
        // Sorted only for those who ask: the health message, once a minute.
        delays: {
          get job_sent() {
            return engine.delays.jobSent.summary();
          },
          get share_sent() {
            return engine.delays.shareSent.summary();
          },
        },
        session: this.#options.session(),
        last_reject: this.#lastReject,
      },
      pools,
      devices,
      alarms: this.#options.alarms(),
      server,
      economy: economyOf({ config: this.#options.economy, mode, job: active === null ? null : engine.jobOf(active), pool: pools.find(({ id }) => id === active) ?? null, hashrateHs, devices }),
      hunt: this.#options.hunt?.() ?? null,
      ledger: ledger.stats(),
    };
  }

  #miningStatus(devices: readonly DeviceTelemetry[], pools: readonly PoolTelemetry[], server: ServerState | null): { status: MiningStatus; reason: string | null } {
    if (this.#stopping) return { status: 'stopping', reason: null };
    const able = devices.filter((device) => device.status !== 'fault' && device.status !== 'stopped' && device.status !== 'init');
    // A rig may be there for other miners alone.
    const serves = devices.length === 0 && server?.status === 'listening';
    if (able.length === 0 && !serves) {
      const reason = devices.map((device) => `${device.id}: ${device.reason ?? device.status}`).join('; ');
      return { status: 'no_device', reason: reason === '' ? 'no device is configured' : reason };
    }
    const paused = able.filter((device) => device.status === 'paused');
    if (paused.length === able.length && !serves) return { status: 'paused', reason: paused.map((device) => `${device.id}: ${device.reason ?? 'paused'}`).join('; ') };
    if (this.#options.engine.activeSource === null) {
      const reason = pools.map(({ id, role_reason }) => `${id}: ${role_reason}`).join('; ');
      return { status: 'no_pool', reason };
    }
    return { status: 'mining', reason: null };
  }
}

function poolTelemetry(state: SourceState, role: PoolRoleState, account: PoolAccountState, payout: PayoutState | null, now: number): PoolTelemetry {
  // Why it is down the source itself knows best, unless it is well and only its jobs are not.
  const reason = role.role === 'down' && state.status !== 'mining' ? (state.reason ?? state.status) + attemptWords(state, now) : role.role_reason;
  return { ...state, ...role, role_reason: reason, account, payout };
}

function attemptWords({ next_attempt_at: at }: SourceState, now: number): string {
  return at === null ? '' : `; next attempt in ${Math.max(1, Math.ceil((at - now) / 1000))} s`;
}

function sumKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}
