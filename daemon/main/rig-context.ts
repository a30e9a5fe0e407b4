import type { Clock } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { Closer } from './closer.ts';
import type { Hardware } from './hardware.ts';

/** What the daemon runs with; `closer` owns everything that must be closed. */
export interface RigContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly closer: Closer;
  readonly hardware: Hardware;
  /** Says one line to a person at start. */
  say(message: string): void;
}
