/** What a rule of alarms is: it looks at the state once a second and says what it sees, and nothing about when to tell. */
import type { AlarmKind, RigState } from '../telemetry/state.ts';

/** What can be said of one subject now. A subject that is not named, because nothing can be told of it, stays as it is. */
export interface Finding {
  /** A pool id, or `rig`. */
  readonly subject: string;
  readonly trouble: boolean;
  /** For a person; also what is told when it has ended. */
  readonly message: string;
}

export interface AlarmRule {
  readonly kind: AlarmKind;
  /** How long trouble must last before it is told. */
  readonly raiseAfterMs: number;
  /** How long it must be gone before that is told; longer for what comes back again and again. */
  readonly healAfterMs: number;
  /** @param now monotonic ms */
  look(state: RigState, now: number): readonly Finding[];
}

export type AlarmSeverity = 'critical' | 'error' | 'warning';

/** How bad it is: `critical` somebody may be taking the work, `error` nothing is earned, `warning` less than could be. */
export const SEVERITY: Readonly<Record<AlarmKind, AlarmSeverity>> = {
  payee_changed: 'critical',
  all_pools_dead: 'error',
  pool_auth: 'error',
  no_share: 'error',
  pool_silent: 'warning',
  reject_rate: 'warning',
};

/** The kinds, most severe first. */
export const ALARM_KINDS = Object.keys(SEVERITY) as readonly AlarmKind[];

/** Name of a kind as a title. */
export const TITLE: Readonly<Record<AlarmKind, string>> = {
  payee_changed: 'Payee changed',
  all_pools_dead: 'No pool has work',
  pool_auth: 'Pool refuses the worker',
  no_share: 'No accepted shares',
  pool_silent: 'Pool is silent',
  reject_rate: 'Too many rejected shares',
};
