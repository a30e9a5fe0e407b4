import type { PoolRole } from '../../telemetry/state.ts';

/** One pool as a strategy sees it. */
export interface Standing {
  readonly id: string;
  /** Weight with the quota strategy; 0 = only while no pool with a weight has work. */
  readonly quota: number;
  /** It has a job that may be worked on. */
  readonly hasWork: boolean;
  /** It failed, works again, and has to hold its work until then, monotonic ms; null = it has nothing to prove. */
  readonly provesUntil: number | null;
}

export interface Pick {
  /** Null = no pool has work. */
  readonly id: string | null;
  /** When the answer may be another one although nothing happens, monotonic ms; null = never. */
  readonly lookAgainAt: number | null;
}

/** Which pool the rig mines for. Pure but for what it has to remember; all times are monotonic ms. */
export interface Strategy {
  /**
   * @param pools in the configured order
   * @param active the pool mined for until now
   */
  pick(pools: readonly Standing[], active: string | null, now: number): Pick;
  /** What a pool that has work is to the rig, and why, for a person. Asked right after `pick`. */
  role(pool: Standing, pools: readonly Standing[], active: string | null, now: number): RoleWords;
}

export interface RoleWords {
  readonly role: PoolRole;
  readonly reason: string;
}

/** Whole seconds for a person; what is about to happen takes at least one. */
export function inSeconds(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1000))} s`;
}

/** The words for a pool that works again and is not trusted yet. */
export function returning(provesUntil: number, now: number): RoleWords {
  const leftMs = Math.max(0, provesUntil - now);
  return { role: 'returning', reason: `works again, mined for again in ${inSeconds(leftMs)}` };
}
