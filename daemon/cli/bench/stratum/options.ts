/** What a run of the bench of the LAN pool is told. */
export interface StratumBenchOptions {
  /** Miners that send shares. */
  readonly clients: number;
  /** Length of each figure, seconds. */
  readonly seconds: number;
  /** Miners that only stay connected, for the figure of memory; 0 = not measured. */
  readonly idle: number;
  /** Submits a second; null = as many as are answered in time. */
  readonly rate: number | null;
  /** File for the daemon's warnings; null = nowhere. */
  readonly log: string | null;
  /** Arguments of node for the process of the server, e.g. --cpu-prof. */
  readonly nodeOptions: readonly string[];
  /** Folder that may be filled and emptied. */
  readonly folder: string;
  /** Says what goes on. */
  tell(words: string): void;
}

/** What the LAN pool is held to. */
export const WANTED = { submits_per_s: 2500, answer_p99_ms: 50, fanout_p99_ms: 100, idle_rss_mb: 400, idle_clients: 10_000 } as const;
