import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import { PoolChoice, type ChoiceOptions, type PoolRoleState } from './pool-choice.ts';

/** A rig of a steady rate and its pools, in simulated time; it asks the choice again when that wants it, as the engine does. */
export class ChoiceBench {
  readonly clock = new ManualClock();
  readonly choice: PoolChoice;
  /** What was changed to, with its reason. */
  readonly switches: string[] = [];
  /** Hashes per second of the rig. */
  rate = 1000;
  #made = 0;

  constructor(ids: readonly string[], options: Partial<ChoiceOptions> & { readonly quota?: readonly number[] } = {}) {
    const { quota = [], ...rest } = options;
    const quotas = new Map(ids.map((id, index) => [id, quota[index] ?? 1]));
    this.choice = new PoolChoice(ids, { strategy: 'failover', rotateMs: 60_000, returnMs: 60_000, quotas, ...rest }, this.clock, () => {
      const made = this.#made;
      this.#made = 0;
      return made;
    });
  }

  get active(): string | null {
    return this.choice.active;
  }

  role(id: string): PoolRoleState {
    return this.choice.roles().get(id)!;
  }

  /** Jobs of these pools come in. */
  gain(...ids: string[]): this {
    for (const id of ids) {
      this.choice.gained(id);
      this.#choose();
    }
    return this;
  }

  /** Work is withdrawn, while the connection stands. */
  lose(id: string, reason = 'no job'): this {
    this.choice.lost(id, reason);
    this.#choose();
    return this;
  }

  /** The connection fails, as a source tells it: first the work, then the status. */
  fail(id: string, reason = 'connection lost'): this {
    this.lose(id, reason);
    this.choice.away(id);
    return this;
  }

  advance(ms: number): this {
    let left = ms;
    while (left > 0) {
      const due = this.choice.lookAgainAt === null ? Infinity : Math.max(1, this.choice.lookAgainAt - this.clock.monotonic());
      const step = Math.min(left, due);
      this.clock.advance(step);
      if (this.active !== null) this.#made += (this.rate * step) / 1000;
      left -= step;
      if (step === due) this.#choose();
    }
    return this;
  }

  #choose(): void {
    const change = this.choice.choose();
    if (change !== null) this.switches.push(`${change.id} (${change.cause}: ${change.reason})`);
  }
}
