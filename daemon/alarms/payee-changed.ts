import type { RigState } from '../telemetry/state.ts';
import type { AlarmRule, Finding } from './rule.ts';

/** A pool's jobs do not pay whom they should, or whom they used to. Ended when they do again. */
export class PayeeChanged implements AlarmRule {
  readonly kind = 'payee_changed';
  readonly raiseAfterMs = 0;
  /** Jobs of two kinds may take turns. */
  readonly healAfterMs = 60_000;

  look(state: RigState): Finding[] {
    return state.pools.flatMap(({ id, payout }): Finding[] => {
      // What cannot be read, or is not known, says nothing either way.
      if (payout === null || payout.verdict === 'unreadable') return [];
      const trouble = payout.verdict === 'payee_changed' || payout.verdict === 'does_not_pay_expected';
      return [{ subject: id, trouble, message: `${id}: ${payout.explanation}` }];
    });
  }
}
