/** What the benchmark of the ledger needs of the daemon; the command hands it in, so that nothing here depends on the daemon. */

export type Report = { [field: string]: unknown };

/** A ledger in use, as the daemon uses it. */
export interface RunningLedger {
  /** Entries that may wait; a further one would be lost. */
  readonly queueLimit: number;
  /** Hands a report over. Returns at once. */
  report(report: Report): void;
  counts(): { readonly queued: number; /** Durable. */ readonly written: number; /** Not where they should be. */ readonly lost: number; /** Number of the last durable one. */ readonly lastSeq: number };
  /** Resolves when everything is durable and visible in all files. */
  flush(): Promise<void>;
  /** Flushes and closes. */
  close(): Promise<SessionTraffic>;
}

/** What went to the disk between opening and closing. */
export interface SessionTraffic {
  /** Bytes handed to write calls. */
  readonly bytes: number;
  /** Of files and folders. */
  readonly fsyncs: number;
  readonly entries: number;
}

/** A start after kill -9, in a process of its own. */
export interface RecoveryTimes {
  /** From opening the ledger to its first new entry being durable, milliseconds. */
  readonly first_durable_ms: number;
  /** From opening until every file has everything, milliseconds. */
  readonly caught_up_ms: number;
  /** From starting the process to its first new entry being durable, milliseconds. */
  readonly process_ms: number;
  /** Number of the last entry that the killed process had been told is durable, and of the last one that the next process found. */
  readonly durable_before_kill: number;
  readonly found: number;
}

/** What a preset writes in a day. */
export interface Wear {
  readonly preset: string;
  /** Seconds between two entries. */
  readonly entry_every_s: number;
  /** `counted`: blocks of 4096 bytes that the write calls touched, each once between two fsyncs. `device`: the block device's own counter, with the file system's share. */
  readonly method: 'counted' | 'device';
  readonly device_bytes_per_day: number;
  /** Bytes handed to write calls. */
  readonly written_bytes_per_day: number;
  readonly fsyncs_per_day: number;
  readonly simulated_hours: number;
}

export interface LedgerKit {
  /** Lays a history in a folder: one report a second, up to now. */
  fill(folder: string, reports: Iterable<Report>, count: number): Promise<void>;
  open(folder: string): RunningLedger;
  /** Starts a process that writes there, kills it with SIGKILL, and starts another. @param reportsBeforeKill handed over by the first */
  recover(folder: string, reportsBeforeKill: number): Promise<RecoveryTimes>;
}
