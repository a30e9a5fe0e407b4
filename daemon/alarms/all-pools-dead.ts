import type { DeviceStatus } from '../../drivers/contract.ts';
import type { RigState } from '../telemetry/state.ts';
import type { AlarmRule, Finding } from './rule.ts';

/** Would hash if there were work. */
const ABLE: ReadonlySet<DeviceStatus> = new Set(['idle', 'hashing']);

/** No pool has work although devices, or miners in the house, could hash. */
export class AllPoolsDead implements AlarmRule {
  readonly kind = 'all_pools_dead';
  readonly raiseAfterMs: number;
  readonly healAfterMs: number;

  /** @param raiseAfterMs how long @param healAfterMs how long there must be work again */
  constructor(raiseAfterMs: number, healAfterMs: number) {
    this.raiseAfterMs = raiseAfterMs;
    this.healAfterMs = healAfterMs;
  }

  look(state: RigState): Finding[] {
    const { pool } = state.mining;
    if (pool !== null) return [{ subject: 'rig', trouble: false, message: `there is work again, from ${pool}` }];
    if (!state.devices.some((device) => ABLE.has(device.status)) && (state.server?.miners ?? 0) === 0) return [];
    const pools = state.pools.map(({ id, status, reason }) => `${id}: ${reason ?? status.replaceAll('_', ' ')}`).join('; ');
    return [{ subject: 'rig', trouble: true, message: `no pool has work (${pools})` }];
  }
}
