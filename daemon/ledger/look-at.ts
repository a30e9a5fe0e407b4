import type { JsonObject } from '../brainstem/contract.ts';
import type { Ledger } from './contract.ts';

/**
 * Why a person should look: `block_rejected` a pool or node refused a block · `block_unanswered` a block was sent and never
 * answered · `file_damaged` a ledger file was not what it should be and was made again · `entries_lost` entries are nowhere on
 * disk · `clock_step` the host's clock was set back · `payee_changed` jobs of a pool do not pay whom they should · `pool_auth` a
 * pool does not accept the worker · `all_pools_dead` no pool has work · `no_share` no share was accepted for far too long.
 */
export type LookAtReason = 'block_rejected' | 'block_unanswered' | 'file_damaged' | 'entries_lost' | 'clock_step' | SevereAlarm;
/** Alarms that are put before a person as well, once each time they begin. */
export type SevereAlarm = 'payee_changed' | 'pool_auth' | 'all_pools_dead' | 'no_share';

/** One thing a person should look at: an entry of User_Look_At. */
export interface LookAt {
  readonly severity: 'critical' | 'error' | 'warning' | 'info';
  readonly reason: LookAtReason;
  /** One sentence in plain words. */
  readonly message: string;
  /** File it is about, relative to the mode's base folder; null when it is about none. */
  readonly path: string | null;
  /** Ids of the entries it is about, by what they are. */
  readonly references: JsonObject;
}

/**
 * Puts something before a person. @param given id and timestamp, where they follow from what happened
 * @returns the entry's id
 */
export function addLookAt(ledger: Pick<Ledger, 'append'>, { severity, reason, message, path, references }: LookAt, given: { readonly id?: string; readonly timestamp?: string } = {}): string {
  return ledger.append('look_at', { ...given, severity, reason, message, path, references });
}
