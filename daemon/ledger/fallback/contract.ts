import type { WriteLayer } from '../contract.ts';
import type { NewRecord } from '../journal/record.ts';

/** Where a record went that the journal did not take. */
export interface KeepResult {
  /** False for layer 3: only memory has it. */
  readonly ok: boolean;
  readonly layer: Exclude<WriteLayer, 0>;
  /** Relative to the base folder (absolute when it is in the backup folder of the configuration); for layer 3 where it should have gone. */
  readonly path: string;
  /** Why the layers above did not take it. */
  readonly reason: string;
}

/** A record found in one of the lower layers. */
export interface KeptRecord {
  readonly record: NewRecord;
  readonly layer: 1 | 2 | 3;
}

/** What the lower layers hold now. Of an earlier run's, what has been looked at: `kept` looks at everything. */
export interface KeeperCounts {
  readonly backup: number;
  readonly emergency: number;
  readonly ring: number;
  /** Gone: pushed out of the full ring, or with the oldest emergency log when the next one was full as well. */
  readonly lost: number;
  /** Files and lines of the lower layers that could not be read as a record. They stay where they are. */
  readonly unreadable: number;
}

/**
 * Layers 1 to 3 of the defensive writer: `Backup_Logs`, `Emergency_Logs`, a ring in memory. Nothing here throws or rejects.
 * A record is kept in exactly one layer; where a disk lies about what failed, in two, which the id makes harmless.
 */
export interface Keeper {
  /** `keepAll` of one. */
  keep(record: NewRecord, reason: string): Promise<KeepResult>;
  /** Keeps records, one layer below the other, with few syncs for many records. Results in the order of the records. */
  keepAll(records: readonly NewRecord[], reason: string): Promise<readonly KeepResult[]>;
  /**
   * Everything kept, in order of arrival, also what an earlier run left; at most `limit`, no id twice. Damaged files are
   * skipped and told through `onDamage`.
   * @param wanted false for a record that is to be passed over: it stays where it is and does not count
   */
  kept(limit: number, wanted?: (record: NewRecord) => boolean): Promise<readonly KeptRecord[]>;
  /** Removes records that are in the journal now, by id. `kept` gives none of them again; what cannot be removed is found by the next run and skipped by its id. */
  forget(ids: ReadonlySet<string>): Promise<void>;
  /** Moves what only memory has to disk, as far as the disk takes it now. For the moment a disk is back, and the last one before the end. */
  settle(): Promise<void>;
  counts(): KeeperCounts;
}
