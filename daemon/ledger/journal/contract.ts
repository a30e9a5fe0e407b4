import type { JsonObject } from '../../brainstem/contract.ts';
import type { Disk } from '../disk/disk.ts';
import type { LedgerRecord, NewRecord } from './record.ts';

export interface JournalOptions {
  readonly disk: Disk;
  /** Absolute path of `<base>/.ledger/journal`. */
  readonly folder: string;
  /** ms since the epoch. */
  readonly now: () => number;
  /** A segment is closed and the next one begun once it holds this much. Default 4 MiB. */
  readonly segmentBytes?: number;
  /** Room is made (written with empty lines) in steps of this, so that a commit does not change the file's size. Default 1 MiB. */
  readonly preallocateBytes?: number;
  /** State of every open view, for the header of a new segment. Asked for whenever one is begun. */
  readonly views: () => readonly JsonObject[];
  /** Bytes handed to the disk and fsyncs, as they happen. */
  readonly onWrite?: (bytes: number) => void;
  readonly onSync?: () => void;
  /** Every error of the disk, also one the journal got around by beginning a new segment. */
  readonly onTrouble?: (error: Error) => void;
}

/** A line that should be a record and is not. */
export interface Damage {
  /** File name of the segment. */
  readonly segment: string;
  /** Byte offset of the line. */
  readonly offset: number;
  readonly reason: string;
}

/** What opening found. */
export interface Recovered {
  /** Last sequence number in the journal, 0 when it is new. */
  readonly lastSeq: number;
  /** Arrival time of the last record, null when it is new. */
  readonly lastAt: number | null;
  /** Newest known state of each open view: `p` members of notes over those of the newest header, by their `p` (path); `closed` ones left out. */
  readonly views: readonly JsonObject[];
  /** A torn tail is normal after a cut and is not in here; a damaged line with good ones after it is. */
  readonly damage: readonly Damage[];
  /** True when the last run did not close the journal. */
  readonly unclean: boolean;
}

export interface SyncResult {
  /** What became durable with this call, in order. */
  readonly durable: readonly LedgerRecord[];
  /** What could not be written, in order: the caller keeps it elsewhere. Their sequence numbers are given out again. */
  readonly failed: readonly NewRecord[];
  /** Why; null when nothing failed. Set as well when there was nothing to write but the disk is known not to take it. */
  readonly error: Error | null;
}

/**
 * The one file that is the truth. `append` only puts into memory; `write` hands that to the kernel (survives the death of the
 * process); `sync` makes it survive a power cut. `write` and `sync` may be called at any time, overlap, and never reject.
 */
export interface Journal {
  /** Last sequence number that is durable. */
  readonly synced: number;
  /** Appended and not durable yet. */
  readonly pending: number;
  /** Chain value after the last durable record. */
  readonly chain: string;
  append(record: NewRecord): void;
  /** Leaves a line of another kind (`{"p":[..]}`, `{"w":{..}}`), which goes out with the next write. */
  note(line: JsonObject): void;
  write(): Promise<void>;
  /**
   * The next record gets the number after `seq`; what lies between is noted as a gap. For a journal that lost records which
   * views hold already. Does nothing for a number that is not above `synced`, or while records are pending.
   */
  skipTo(seq: number): void;
  sync(): Promise<SyncResult>;
  /** Syncs, marks the journal as closed, closes the file. From then on `sync` hands back what was appended and does nothing to the disk. */
  close(): Promise<SyncResult>;
}
