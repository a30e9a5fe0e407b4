import { inSeconds, returning, type Pick, type RoleWords, type Standing, type Strategy } from './strategy.ts';

/** Whose turn it is next. */
export interface TurnOrder {
  /** Of these, the one whose turn is next; there is at least one. All of them have work and nothing to prove, unless none has not. */
  next(candidates: readonly Standing[], pools: readonly Standing[], active: string | null): Standing;
  /** Told of the pools that may have a turn before each choice. */
  present(candidates: readonly Standing[]): void;
  /** Whether this pool gives way at once to any of these. */
  yields(pool: Standing, candidates: readonly Standing[]): boolean;
  /** Why a pool is where it is, for a person; empty = there is nothing to add. */
  words(pool: Standing, candidates: readonly Standing[]): string;
}

export interface TurnOptions {
  /** How long a turn is. */
  readonly rotateMs: number;
}

/** The whole rig mines for one pool at a time, turn by turn. A turn ends early when its pool loses its work. */
export class Turns implements Strategy {
  readonly #options: TurnOptions;
  readonly #order: TurnOrder;
  #endsAt = -Infinity;

  constructor(options: TurnOptions, order: TurnOrder) {
    this.#options = options;
    this.#order = order;
  }

  pick(pools: readonly Standing[], active: string | null, now: number): Pick {
    const candidates = candidatesOf(pools);
    this.#order.present(candidates);
    if (candidates.length === 0) return { id: null, lookAgainAt: null };
    const present = pools.find(({ id, hasWork }) => id === active && hasWork);
    if (present !== undefined && now < this.#endsAt && !this.#order.yields(present, candidates)) return this.#until(present, pools);
    this.#endsAt = now + this.#options.rotateMs;
    return this.#until(this.#order.next(candidates, pools, active), pools);
  }

  role(pool: Standing, pools: readonly Standing[], active: string | null, now: number): RoleWords {
    const candidates = candidatesOf(pools);
    const detail = this.#order.words(pool, candidates);
    const say = (role: 'active' | 'standby', words: string): RoleWords => ({ role, reason: detail === '' ? words : `${words}; ${detail}` });
    if (pool.id === active) return say('active', pools.some((other) => other.hasWork && other !== pool) ? `its turn for another ${inSeconds(this.#endsAt - now)}` : 'the only pool with work');
    if (pool.provesUntil !== null) return returning(pool.provesUntil, now);
    return say('standby', 'waits for its turn');
  }

  #until({ id }: Standing, pools: readonly Standing[]): Pick {
    const times = pools.map(({ provesUntil }) => provesUntil).filter((time) => time !== null);
    return { id, lookAgainAt: Math.min(this.#endsAt, ...times) };
  }
}

/** Those that have work and nothing to prove; when there are none, all that have work. */
function candidatesOf(pools: readonly Standing[]): readonly Standing[] {
  const working = pools.filter(({ hasWork }) => hasWork);
  const proven = working.filter(({ provesUntil }) => provesUntil === null);
  return proven.length > 0 ? proven : working;
}
