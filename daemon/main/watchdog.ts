import type { Clock } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';

/** What the work of the daemon looks like at one moment. */
export interface Progress {
  /** Grows while work is done: hashes and answered shares. */
  readonly work: number;
  /** Why no work is to be expected (paused, no pool ...); null = work is expected. */
  readonly idle: string | null;
}

export interface WatchdogOptions {
  /** systemd's deadline. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly log: Log;
  progress(): Progress;
  /** Tells systemd that all is well. */
  feed(): void;
}

export interface Watchdog {
  stop(): void;
}

/** Looks per deadline. With two, a single late look would already be too late. */
const LOOKS = 4;

/**
 * Feeds the watchdog of the service manager only while the daemon really works or has a reason not to. A daemon that is
 * up but does nothing is left to be restarted.
 */
export function startWatchdog({ deadlineMs, clock, log, progress, feed }: WatchdogOptions): Watchdog {
  let fedAt = progress().work;
  let stalled = false;
  const timer = clock.every(deadlineMs / LOOKS, () => {
    const { work, idle } = progress();
    if (idle !== null || work !== fedAt) {
      if (stalled) log.info({}, 'work goes on: watchdog fed again');
      stalled = false;
      fedAt = work;
      feed();
    } else if (!stalled) {
      stalled = true;
      log.warn({ deadline_ms: deadlineMs }, 'no hash and no share since the last look: watchdog not fed, a restart follows if this lasts');
    }
  });
  return { stop: () => timer.cancel() };
}
