import type { Clock } from '../../../protocol/common/clock.ts';
import type { PoolRole } from '../../telemetry/state.ts';
import { Failover } from './failover.ts';
import { Quota } from './quota.ts';
import { RoundRobin } from './round-robin.ts';
import type { Standing, Strategy } from './strategy.ts';
import { Turns } from './turns.ts';

export interface ChoiceOptions {
  readonly strategy: 'failover' | 'quota' | 'round-robin';
  /** quota and round-robin: how long a turn is. */
  readonly rotateMs: number;
  /** How long a pool that failed must work again before it is trusted. */
  readonly returnMs: number;
  /** Weights by pool id; 1 where there is none. */
  readonly quotas: ReadonlyMap<string, number>;
}

export const DEFAULT_CHOICE: ChoiceOptions = { strategy: 'failover', rotateMs: 60_000, returnMs: 60_000, quotas: new Map() };

/** lost: the pool mined for has no work any more. found: there was none before. home: a better pool is back. turn: it is another's turn. */
export type SwitchCause = 'lost' | 'found' | 'home' | 'turn';

export interface Switch {
  readonly id: string | null;
  /** Plain words. */
  readonly reason: string;
  readonly cause: SwitchCause;
}

export interface PoolRoleState {
  readonly role: PoolRole;
  readonly role_reason: string;
  /** Wall clock of the last change of role. */
  readonly role_since: number;
  /** Null with other strategies than quota. */
  readonly quota: number | null;
  /** Part of all work so far that went to this pool, 0..1; null = none was done yet. */
  readonly work_share: number | null;
}

/**
 * A connection that stands may leave us without work for so long (a block was found, the extranonce changed) and it is no
 * failure: no way home has to be earned for it.
 */
const BETWEEN_JOBS_MS = 5000;

interface Pool {
  readonly id: string;
  readonly quota: number;
  hasWork: boolean;
  /** Without a break since then, monotonic ms; null = it has none, or its connection failed since. */
  workSince: number | null;
  lostAt: number | null;
  lossReason: string | null;
  /** It lost its work by a failure, and has not proved itself since. */
  failed: boolean;
  hashes: number;
  role: PoolRole;
  roleReason: string;
  roleSince: number;
}

/**
 * Decides which pool the rig mines for, and knows what each of them is to it and why. It is told what happens to the pools,
 * holds the account of the hashes done for each, and has no timers: its owner asks again at `lookAgainAt`.
 */
export class PoolChoice {
  readonly #options: ChoiceOptions;
  readonly #clock: Clock;
  readonly #hashesMade: () => number;
  readonly #pools: readonly Pool[];
  readonly #strategy: Strategy;
  #active: Pool | null = null;
  #lookAgainAt: number | null = null;
  #countedAt = -Infinity;

  /**
   * @param ids in the configured order
   * @param hashesMade hashes made by the whole rig since it was last asked
   */
  constructor(ids: readonly string[], options: ChoiceOptions, clock: Clock, hashesMade: () => number) {
    this.#options = options;
    this.#clock = clock;
    this.#hashesMade = hashesMade;
    const roleSince = clock.now();
    this.#pools = ids.map((id) => ({
      id,
      quota: options.quotas.get(id) ?? 1,
      hasWork: false,
      workSince: null,
      lostAt: null,
      lossReason: null,
      failed: false,
      hashes: 0,
      role: 'down',
      roleReason: 'no work yet',
      roleSince,
    }));
    this.#strategy = strategyOf(options, (id) => this.hashesFor(id));
  }

  /** The pool mined for; null = none. */
  get active(): string | null {
    return this.#active?.id ?? null;
  }

  /** When `choose` has to be asked again although nothing happened, monotonic ms; null = it need not be. */
  get lookAgainAt(): number | null {
    return this.#lookAgainAt;
  }

  /** A job of this pool has come. @returns true when it had none */
  gained(id: string): boolean {
    const pool = this.#pool(id);
    if (pool.hasWork) return false;
    const now = this.#clock.monotonic();
    if (pool.lostAt !== null && now - pool.lostAt > BETWEEN_JOBS_MS) this.#fail(pool);
    pool.hasWork = true;
    pool.workSince ??= now;
    return true;
  }

  /** Its work is worthless until its next job. */
  lost(id: string, reason: string): void {
    const pool = this.#pool(id);
    pool.lossReason = reason;
    if (!pool.hasWork) return;
    pool.hasWork = false;
    pool.lostAt = this.#clock.monotonic();
  }

  /** Its connection is gone. One that never had work yet has not failed us: a start is not a return. */
  away(id: string): void {
    const pool = this.#pool(id);
    if (pool.lostAt !== null) this.#fail(pool);
  }

  /** Hashes of other machines, made for a job of this pool. */
  addHashes(id: string, hashes: number): void {
    this.#pool(id).hashes += hashes;
  }

  /** Hashes done for this pool up to now. */
  hashesFor(id: string): number {
    this.#count();
    return this.#pool(id).hashes;
  }

  /** Chooses anew. @returns what changed, null when nothing did */
  choose(): Switch | null {
    const now = this.#clock.monotonic();
    const before = this.#active;
    const { id, lookAgainAt } = this.#strategy.pick(this.#standings(now), this.active, now);
    this.#lookAgainAt = lookAgainAt;
    const chosen = id === null ? null : this.#pool(id);
    if (chosen !== before) {
      // What was hashed until now was hashed for the pool that is left.
      this.#count();
      this.#active = chosen;
      // Whatever it had to prove, the rig is at home with it now.
      if (chosen !== null) chosen.failed = false;
    }
    this.#updateRoles(now);
    return chosen === before ? null : this.#switch(before, chosen, now);
  }

  /** What each pool is to the rig and why, by its id. */
  roles(): ReadonlyMap<string, PoolRoleState> {
    this.#count();
    this.#updateRoles(this.#clock.monotonic());
    const all = this.#pools.reduce((sum, pool) => sum + pool.hashes, 0);
    const weighted = this.#options.strategy === 'quota';
    return new Map(this.#pools.map(({ id, role, roleReason, roleSince, quota, hashes }) => [id, { role, role_reason: roleReason, role_since: roleSince, quota: weighted ? quota : null, work_share: all === 0 ? null : hashes / all }]));
  }

  #switch(before: Pool | null, chosen: Pool | null, now: number): Switch {
    if (before !== null && !before.hasWork) return { id: chosen?.id ?? null, reason: `${before.id}: ${before.lossReason ?? 'no work'}`, cause: 'lost' };
    // Without work it cannot have been chosen, and with none before there is nothing to lose.
    const { id, workSince } = chosen!;
    const age = Math.floor((now - (workSince ?? now)) / 1000);
    if (before === null) return { id, reason: `${id} has work`, cause: 'found' };
    if (this.#options.strategy === 'failover') return { id, reason: `${id} comes first and has had work for ${age} s`, cause: 'home' };
    return { id, reason: `it is the turn of ${id}`, cause: 'turn' };
  }

  #standings(now: number): Standing[] {
    return this.#pools.map((pool) => {
      const provesUntil = pool.failed && pool.hasWork && pool.workSince !== null ? pool.workSince + this.#options.returnMs : null;
      if (provesUntil !== null && now >= provesUntil) pool.failed = false;
      return { id: pool.id, quota: pool.quota, hasWork: pool.hasWork, provesUntil: pool.failed ? provesUntil : null };
    });
  }

  #fail(pool: Pool): void {
    pool.failed = true;
    pool.workSince = null;
  }

  #updateRoles(now: number): void {
    const standings = this.#standings(now);
    this.#pools.forEach((pool, index) => {
      const standing = standings[index]!;
      const { role, reason } = standing.hasWork ? this.#strategy.role(standing, standings, this.active, now) : { role: 'down' as const, reason: pool.lossReason ?? 'no work yet' };
      if (role !== pool.role) pool.roleSince = this.#clock.now();
      pool.role = role;
      pool.roleReason = reason;
    });
  }

  /** Puts what was hashed since the last time to the account of the pool it was hashed for. */
  #count(): void {
    const now = this.#clock.monotonic();
    if (now === this.#countedAt) return;
    this.#countedAt = now;
    const hashes = this.#hashesMade();
    // Without work devices wait; what they still finish is nobody's.
    if (this.#active !== null) this.#active.hashes += hashes;
  }

  #pool(id: string): Pool {
    const pool = this.#pools.find((candidate) => candidate.id === id);
    if (pool === undefined) throw new Error(`there is no pool "${id}"`);
    return pool;
  }
}

function strategyOf({ strategy, rotateMs }: ChoiceOptions, hashesFor: (id: string) => number): Strategy {
  switch (strategy) {
    case 'failover':
      return new Failover();
    case 'quota':
      return new Turns({ rotateMs }, new Quota(hashesFor));
    case 'round-robin':
      return new Turns({ rotateMs }, new RoundRobin());
  }
}
