import type { Clock } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';

/** 128 + signal number, as shells report it; a stop by request is a clean exit all the same. */
const FORCED_EXIT = 130;
/** One Ctrl-C may arrive twice, from the terminal and from a wrapper (npm, timeout); a person's second takes longer. */
const ECHO_MS = 300;
/**
 * Every signal that ends a process and can be caught: boards are to be left safe by all of them. SIGHUP is the closing of the
 * terminal; Node undoes what nohup arranges, so it would end the process in any case.
 */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * The one way the running daemon is told to stop: a signal, PM2's `shutdown` message, or a defect nobody
 * caught. A second signal does not wait any longer.
 */
export class StopRequest {
  readonly #controller = new AbortController();
  readonly #log: Log;
  readonly #clock: Clock;
  #stoppedAt = 0;
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (this.reason === null) return this.#stop(signal, 0);
    if (this.#clock.monotonic() - this.#stoppedAt >= ECHO_MS) process.exit(FORCED_EXIT);
  };
  readonly #onMessage = (message: unknown): void => {
    if (message === 'shutdown') this.#stop('shutdown message', 0);
  };
  readonly #onDefect = (error: unknown): void => {
    this.#log.error({ err: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'E_INTERNAL: a defect reached the top; stopping safely');
    this.#stop('a defect (see the log)', 1);
  };
  /** Why the daemon is stopping; null while it is not. */
  reason: string | null = null;
  exitCode = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    for (const signal of STOP_SIGNALS) process.on(signal, this.#onSignal);
    process.on('message', this.#onMessage);
    process.on('uncaughtException', this.#onDefect);
    process.on('unhandledRejection', this.#onDefect);
  }

  /** Aborts when a stop is requested. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Resolves when a stop is requested. */
  get requested(): Promise<void> {
    if (this.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => this.signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  dispose(): void {
    for (const signal of STOP_SIGNALS) process.off(signal, this.#onSignal);
    process.off('message', this.#onMessage);
    process.off('uncaughtException', this.#onDefect);
    process.off('unhandledRejection', this.#onDefect);
  }

  #stop(reason: string, exitCode: number): void {
    if (this.reason !== null) return;
    this.reason = reason;
    this.#stoppedAt = this.#clock.monotonic();
    this.exitCode = exitCode;
    this.#controller.abort(new Error(`stop requested: ${reason}`));
  }
}
