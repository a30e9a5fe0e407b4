import type { Clock } from '../../protocol/common/clock.ts';
import type { EndpointFacts, SourceStatus, StatusChange } from './job.ts';

/** Changes kept: enough to see a pool that comes and goes, small enough for a message of every state. */
export const HISTORY_LENGTH = 16;
/** Work held for so long proves the endpoint well: its failures are counted from nothing again. */
export const STABLE_MS = 60_000;

/** It lost its connection or never got one, and waits for the next attempt. */
export function isAway(status: SourceStatus): boolean {
  return status === 'backing_off' || status === 'auth_failed';
}

/** How an attempt or a connection ended. */
export interface Failure {
  readonly reason: string;
  /** Pause until the next attempt, ms; null = none is planned by time. */
  readonly pauseMs: number | null;
  /** It does not let us in: asking again soon would change nothing. */
  readonly refused?: boolean;
}

/**
 * The state machine of one place work comes from, whatever it speaks: what it does, why, since when, what it did before,
 * how often it failed in a row and when it is tried again. `stopped` is final. It makes no attempts itself.
 */
export class EndpointState {
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #history: StatusChange[] = [];
  #status: SourceStatus = 'idle';
  #reason: string | null = null;
  #since: number;
  #failures = 0;
  /** Since when this connection has had work, monotonic ms; null = it has had none yet. */
  #workedSince: number | null = null;
  #nextAttemptAt: number | null = null;
  #lastHeardAt: number | null = null;

  /** @param onChange called after every change of status or reason */
  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
    this.#since = clock.now();
  }

  get status(): SourceStatus {
    return this.#status;
  }

  get stopped(): boolean {
    return this.#status === 'stopped';
  }

  /** Attempts that failed since it last held work for `STABLE_MS`: what a growing pause grows with. */
  get failures(): number {
    return this.#stable ? 0 : this.#failures;
  }

  /** Something readable came from it. */
  heard(): void {
    this.#lastHeardAt = this.#clock.now();
  }

  /** A step on the way to work, or the end on request. Nothing leaves `stopped`. */
  to(status: Exclude<SourceStatus, 'backing_off' | 'auth_failed'>, reason: string | null): void {
    if (this.stopped) return;
    if (status === 'mining') this.#workedSince ??= this.#clock.monotonic();
    this.#nextAttemptAt = null;
    this.#set(status, reason);
  }

  /** An attempt failed, or a connection ended: `backing_off`, or `auth_failed` when it was refused. */
  failed({ reason, pauseMs, refused = false }: Failure): void {
    if (this.stopped) return;
    this.#failures = this.failures + 1;
    this.#workedSince = null;
    this.#nextAttemptAt = pauseMs === null ? null : this.#clock.now() + pauseMs;
    this.#set(refused ? 'auth_failed' : 'backing_off', reason);
  }

  /** What every source tells of itself. */
  facts(): EndpointFacts {
    return {
      status: this.#status,
      reason: this.#reason,
      since: this.#since,
      failures: this.failures,
      next_attempt_at: this.#nextAttemptAt,
      last_heard_at: this.#lastHeardAt,
      history: [...this.#history],
    };
  }

  get #stable(): boolean {
    return this.#workedSince !== null && this.#clock.monotonic() - this.#workedSince >= STABLE_MS;
  }

  #set(status: SourceStatus, reason: string | null): void {
    if (status === this.#status && reason === this.#reason) return;
    if (status !== this.#status) {
      this.#since = this.#clock.now();
      this.#history.push({ status, reason, at: this.#since });
      if (this.#history.length > HISTORY_LENGTH) this.#history.shift();
    }
    this.#status = status;
    this.#reason = reason;
    this.#onChange();
  }
}
