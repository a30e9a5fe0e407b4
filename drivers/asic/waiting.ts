/** Waiting on an injected clock: for a time that can be cut short, and for promises that may never settle. */
import type { Clock, Timer } from '../../protocol/common/clock.ts';

/** A rest that somebody may end early. One waits at a time. */
export class Rest {
  readonly #clock: Clock;
  #end: (() => void) | null = null;
  #woken = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `ms`, or at the next `wake`; at once when there was one since the last rest. */
  async rest(ms: number): Promise<void> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.after(ms, resolve);
        this.#end = () => {
          timer.cancel();
          resolve();
        };
      });
      this.#end = null;
    }
    this.#woken = false;
  }

  wake(): void {
    this.#woken = true;
    this.#end?.();
  }
}

export type Outcome<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'failed'; readonly error: unknown } | { readonly kind: 'late' };

/**
 * What a promise comes to within `ms`, or before `signal` goes off. Never rejects; a promise that comes too late is not heard
 * any more, but nobody misses its error.
 */
export function within<T>(clock: Clock, ms: number, promise: Promise<T>, signal?: AbortSignal): Promise<Outcome<T>> {
  return new Promise((resolve) => {
    const end = (outcome: Outcome<T>): void => {
      timer.cancel();
      signal?.removeEventListener('abort', late);
      resolve(outcome);
    };
    const late = (): void => end({ kind: 'late' });
    const timer: Timer = clock.after(ms, late);
    promise.then(
      (value) => end({ kind: 'done', value }),
      (error: unknown) => end({ kind: 'failed', error }),
    );
    if (signal?.aborted) late();
    else signal?.addEventListener('abort', late, { once: true });
  });
}
