import type { WriteLayer } from '../contract.ts';
import type { NewRecord } from '../journal/record.ts';

/** Where a record went that the journal did not take. */
export interface KeepResult {
  /** False for layer 3: only memory has it. */
  readonly ok: boolean;
  readonly layer: Exclude<WriteLayer, 0>;
  /** Relative to the base folder; for layer 3 where it should have gone. */
  readonly path: string;
  /** Why the layers above did not take it. */
  readonly reason: string;
}

/** A record found in one of the lower layers. */
export interface KeptRecord {
  readonly record: NewRecord;
  readonly layer: 1 | 2 | 3;
}

/**
 * Layers 1 to 3 of the defensive writer: `Backup_Logs`, `Emergency_Logs`, a ring in memory. Nothing here throws or rejects.
 * A record is kept in exactly one layer.
 */
export interface Keeper {
  /** Keeps a record, one layer below the other. */
  keep(record: NewRecord, reason: string): Promise<KeepResult>;
  /** Everything kept, oldest first, also what an earlier run left; at most `limit`. Damaged files are skipped and told through `onDamage`. */
  kept(limit: number): Promise<readonly KeptRecord[]>;
  /** Removes records that are in the journal now, by id. What cannot be removed is found again later and skipped by its id. */
  forget(ids: ReadonlySet<string>): Promise<void>;
  counts(): { readonly backup: number; readonly emergency: number; readonly ring: number; /** Pushed out of the full ring: gone. */ readonly lost: number };
}
