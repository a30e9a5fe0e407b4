import type { WriteLayer } from '../contract.ts';
import type { ReconcileReport } from '../fallback/reconcile.ts';
import type { NewRecord } from '../journal/record.ts';

/** How often what is made safe and visible; a preset with its overrides (presets.ts). */
export interface EngineSettings {
  /** Longest time a record waits for the fsync that makes it survive a power cut, milliseconds. 0 = at once. */
  readonly syncMs: number;
  /** Longest time until the hour files show it, milliseconds. */
  readonly leafFlushMs: number;
  /** Longest time until all coarser files show it, milliseconds. */
  readonly coarseFlushMs: number;
  /** Size at which a file is closed and its next part begun, bytes. */
  readonly maxViewBytes: number;
  /** Size of a journal segment, bytes. Default 4 MiB. */
  readonly segmentBytes?: number;
  /** Entries waiting for the files, in bytes, that make a round at once. Default 8 MiB. */
  readonly maxWaitingBytes?: number;
}

/** What the engine counts; the facade adds what never reached it. */
export interface EngineCounts {
  /** Records of this run that are dealt with: durable, kept elsewhere, or lost. */
  readonly settled: number;
  readonly written: number;
  readonly backup: number;
  readonly emergency: number;
  readonly lost: number;
  /** Records of earlier runs that were found in the lower layers and brought into the journal. */
  readonly reconciled_earlier: number;
  readonly corrupt_files: number;
  /** Files of the tree that could not be brought up to date. */
  readonly files_behind: number;
  readonly degraded: boolean;
  readonly last_error: string | null;
  readonly last_seq: number;
  /** Chain value after the last durable record. */
  readonly chain: string;
}

/** What the engine tells, in plain data: it may live in another thread. */
export type EngineEvent =
  /** `settled`: ids of the records that this is about, each told at least once. */
  | { readonly kind: 'counts'; readonly counts: EngineCounts; readonly settled: readonly string[] }
  | { readonly kind: 'opened'; readonly lastSeq: number; readonly unclean: boolean; readonly lastAt: number | null }
  | { readonly kind: 'fallback'; readonly layer: Exclude<WriteLayer, 0>; readonly path: string; readonly reason: string }
  | { readonly kind: 'recovered'; readonly report: ReconcileReport | null }
  | { readonly kind: 'damage'; readonly file: string; readonly what: string; readonly kept: string | null }
  | { readonly kind: 'files'; readonly behind: number; readonly reason: string | null };

/** The engine as its owner sees it, in this thread or another. Nothing rejects. */
export interface EngineHost {
  accept(records: readonly NewRecord[]): void;
  /** Resolves when everything accepted is safe and visible, or has been counted as not. */
  flush(): Promise<void>;
  /** Flushes and gives everything back. */
  close(): Promise<void>;
}
