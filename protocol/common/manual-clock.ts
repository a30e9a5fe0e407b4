import type { Clock, Timer } from './clock.ts';

interface Pending {
  at: number;
  order: number;
  period: number | null;
  fn: () => void;
}

/** A clock that a test moves by hand. Timers fire in due order, inside `advance`. */
export class ManualClock implements Clock {
  #wall: number;
  #mono = 0;
  #order = 0;
  #pending = new Set<Pending>();

  /** @param start wall-clock start, milliseconds since the epoch */
  constructor(start = Date.UTC(2025, 11, 18, 18, 0, 0)) {
    this.#wall = start;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#mono;
  }

  after(ms: number, fn: () => void): Timer {
    return this.#add(ms, null, fn);
  }

  every(ms: number, fn: () => void): Timer {
    return this.#add(ms, ms, fn);
  }

  #add(ms: number, period: number | null, fn: () => void): Timer {
    const entry: Pending = { at: this.#mono + Math.max(0, ms), order: this.#order++, period, fn };
    this.#pending.add(entry);
    return { cancel: () => this.#pending.delete(entry) };
  }

  /** Moves both clocks forward and fires what falls due, in order. */
  advance(ms: number): void {
    const end = this.#mono + ms;
    for (;;) {
      let next: Pending | undefined;
      for (const entry of this.#pending) {
        if (entry.at <= end && (!next || entry.at < next.at || (entry.at === next.at && entry.order < next.order))) next = entry;
      }
      if (!next) break;
      this.#wall += next.at - this.#mono;
      this.#mono = next.at;
      if (next.period === null) this.#pending.delete(next);
      else next.at += Math.max(1, next.period);
      next.fn();
    }
    this.#wall += end - this.#mono;
    this.#mono = end;
  }

  /** Sets the wall clock without moving the monotonic one (a clock step). */
  setWall(ms: number): void {
    this.#wall = ms;
  }

  /** How many timers are waiting: a leak check for tests. */
  get pendingTimers(): number {
    return this.#pending.size;
  }
}
