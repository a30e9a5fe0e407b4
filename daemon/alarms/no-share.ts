import type { RigState } from '../telemetry/state.ts';
import { formatDuration } from '../telemetry/units.ts';
import type { AlarmRule, Finding } from './rule.ts';

/** A share must be overdue for this long as well: with many shares a second ten of them are nothing. */
const LEAST_MS = 30_000;

/**
 * The devices of the rig hash, and no share of theirs is accepted although so many were to be expected since the last one. What
 * is expected follows hashes and difficulty as they were, so neither a switch of pool nor a pause nor a solo pool (that expects
 * next to nothing) raises it. Shares of miners in the house count neither way.
 */
export class NoShare implements AlarmRule {
  readonly kind = 'no_share';
  readonly raiseAfterMs = 0;
  readonly healAfterMs = 0;
  readonly #factor: number;
  #accepted = 0;
  #expectedThen = 0;
  #since: number | null = null;

  /** @param factor how many shares must have been due; e^-factor is the chance of a false alarm */
  constructor(factor: number) {
    this.#factor = factor;
  }

  look(state: RigState, now: number): Finding[] {
    const accepted = state.devices.reduce((sum, device) => sum + device.shares.accepted, 0);
    const expected = state.pools.reduce((sum, pool) => sum + (pool.account.expected_shares ?? 0), 0);
    if (this.#since === null || accepted !== this.#accepted) {
      const first = this.#since === null;
      this.#accepted = accepted;
      this.#expectedThen = expected;
      this.#since = now;
      return first ? [] : [{ subject: 'rig', trouble: false, message: 'shares are accepted again' }];
    }
    const due = expected - this.#expectedThen;
    if (due < this.#factor || now - this.#since < LEAST_MS) return [];
    const found = `${formatDuration((now - this.#since) / 1000)}; about ${due.toFixed(0)} were to be expected at this hash rate and difficulty`;
    return [{ subject: 'rig', trouble: true, message: `no share of this rig was accepted for ${found}` }];
  }
}
