import type { Command } from 'commander';
import type { CliIo } from './io.ts';

/** What a command's definition gets: the outside world, and a way to say how its action ended. */
export interface Cli {
  readonly io: CliIo;
  /** Makes a commander action of a function that resolves with the exit code. */
  action(work: (command: Command) => Promise<number>): (...args: unknown[]) => Promise<void>;
}
