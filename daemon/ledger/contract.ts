import type { EventEmitter } from 'node:events';
import type { JsonObject } from '../brainstem/contract.ts';

/** Kinds of entry, each with its own tree. `look_at`: what a person should look at (`LookAt`). */
export type EntryKind = 'ledger' | 'math_proof' | 'submission' | 'rejection' | 'look_at';

/** Where an entry ended up. 0 primary tree, 1 Backup_Logs, 2 Emergency_Logs, 3 lost (counted and told). */
export type WriteLayer = 0 | 1 | 2 | 3;

export interface LedgerStats {
  /** Entries taken by append / saveSystemReport / saveSystemError since start. */
  readonly accepted: number;
  /** Entries that are durable in the journal. The files of the tree follow it, see `files_behind`. */
  readonly written: number;
  /** Entries on their way to the journal. */
  readonly queued: number;
  /** Entries kept only in Backup_Logs / Emergency_Logs. */
  readonly backup: number;
  readonly emergency: number;
  /**
   * Entries that are nowhere on disk, including those dropped because the queue was full. One that was still in memory
   * when the disk came back moves from here to `written`.
   */
  readonly lost: number;
  /** Files of the tree, and lines of the journal, that were not what they should be. */
  readonly corrupt_files: number;
  /** Files of the tree that could not be brought up to date; the journal has what they lack. */
  readonly files_behind: number;
  /** Last failure in plain words; null when there was none. */
  readonly last_error: string | null;
  /** True while the journal does not take entries, or files cannot follow it. */
  readonly degraded: boolean;
  /** Sequence number of the last durable record of this run; 0 before the first. */
  readonly last_seq: number;
  /** Its chain value, 64 hex digits: written down elsewhere it proves later that nothing before it was changed. */
  readonly chain: string;
}

export interface LedgerEvents {
  /** An entry fell through to a lower layer, or was lost. Emitted for every such entry. */
  fallback: [{ readonly layer: 1 | 2 | 3; readonly path: string; readonly reason: string }];
  /** Files cannot follow the journal, which goes on. Emitted when that begins. */
  behind: [{ readonly files: number; readonly reason: string }];
  /** The primary tree takes everything again, and holds the refused entries that were still in memory. */
  recovered: [];
}

/**
 * The one way into the ledger, for every component. Calls return at once and never throw: mining is never held up by
 * a disk. What the disk refuses goes down the four layers of the defensive writer.
 */
export interface Ledger {
  readonly events: EventEmitter<LedgerEvents>;
  /**
   * Adds an entry to a tree. `entry.timestamp` is filled in (local time with offset) when missing; when given it decides
   * the time folders, and must say its offset. Returns the entry's id, which is written as `entry.id`: the same id is
   * never written twice.
   */
  append(kind: EntryKind, entry: JsonObject): string;
  /** Adds a report to `System/System_Reports/<category>/`. `component` is the label of who reports; category's own when left out. */
  saveSystemReport(category: string, data: JsonObject, component?: string): string;
  /** Adds an error to `System/Error_Reports/<category>/`. */
  saveSystemError(category: string, data: JsonObject, component?: string): string;
  /** Notes that a run begins. @param at when the folders were laid out, ms since the epoch @param settings what files and times depend on */
  begin(at: number, settings: JsonObject): void;
  stats(): LedgerStats;
  /** Resolves when everything accepted so far is durable and visible in all files, or has been counted as not. Never rejects. */
  flush(): Promise<void>;
  /** Flushes and closes, within a deadline. Later calls are counted as lost. */
  close(): Promise<void>;
}
