/** Time is injected everywhere, so that no test sleeps and every deadline can be tried in a microsecond. */

export interface Timer {
  /** Cancels the timer; harmless when it has already fired. */
  cancel(): void;
}

export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. Jumps when the system clock is set. */
  now(): number;
  /** Milliseconds from an arbitrary origin that never jump: for deadlines and rates. */
  monotonic(): number;
  /** Calls `fn` once after `ms` milliseconds. Does not keep the process alive by itself. */
  after(ms: number, fn: () => void): Timer;
  /** Calls `fn` every `ms` milliseconds until cancelled. Does not keep the process alive by itself. */
  every(ms: number, fn: () => void): Timer;
}

/** The real clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    const handle = setTimeout(fn, ms);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
  every(ms, fn) {
    const handle = setInterval(fn, ms);
    handle.unref();
    return { cancel: () => clearInterval(handle) };
  },
};
