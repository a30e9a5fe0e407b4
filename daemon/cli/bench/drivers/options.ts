/** What a run of the driver bench is told. */
export interface DriversBenchOptions {
  /** Devices, 1 to 16. */
  readonly sticks: number;
  readonly seconds: number;
  readonly seed: number;
  /** False: nothing is pulled out and nothing falls ill. */
  readonly mischief: boolean;
  /** Jobs of a parameter hunt that run beside it, with no limit but their priority. Default 0: none. */
  readonly huntWorkers?: number;
  /** File for the daemon's warnings; null = nowhere. */
  readonly log: string | null;
  /** Folder that may be filled and emptied. */
  readonly folder: string;
  /** Says what goes on. */
  tell(words: string): void;
}
