import type { RigState } from '../telemetry/state.ts';
import type { AlarmRule, Finding } from './rule.ts';

/** A pool that does not let the worker in. Ended by work from it. */
export class PoolAuth implements AlarmRule {
  readonly kind = 'pool_auth';
  readonly raiseAfterMs = 0;
  readonly healAfterMs = 0;

  look(state: RigState): Finding[] {
    return state.pools.flatMap((pool): Finding[] => {
      if (pool.status === 'auth_failed') return [{ subject: pool.id, trouble: true, message: `${pool.id} does not accept the worker${pool.user === null ? '' : ` ${pool.user}`}: ${pool.reason ?? 'no reason given'}` }];
      return pool.status === 'mining' ? [{ subject: pool.id, trouble: false, message: `${pool.id} accepts the worker and gives work` }] : [];
    });
  }
}
