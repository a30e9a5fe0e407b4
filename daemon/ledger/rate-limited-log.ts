import type { Clock, Timer } from '../../protocol/common/clock.ts';

const PERIOD_MS = 60_000;

interface Muted {
  readonly message: string;
  repeats: number;
  last: object;
  timer: Timer;
}

/**
 * Says the first of a kind at once and then, for as long as it goes on, once a minute how many more there were: a
 * full disk makes thousands of equal lines otherwise.
 */
export class RateLimitedLog {
  readonly #clock: Clock;
  readonly #say: (fields: object, message: string) => void;
  readonly #muted = new Map<string, Muted>();

  constructor(clock: Clock, say: (fields: object, message: string) => void) {
    this.#clock = clock;
    this.#say = say;
  }

  /** @param kind a fixed, short list of kinds: each has a counter of its own */
  tell(kind: string, fields: object, message: string): void {
    const muted = this.#muted.get(kind);
    if (muted) {
      muted.repeats += 1;
      muted.last = fields;
      return;
    }
    this.#say(fields, message);
    this.#muted.set(kind, { message, repeats: 0, last: fields, timer: this.#clock.every(PERIOD_MS, () => this.#summarize(kind)) });
  }

  /** Says what has not been said yet. */
  close(): void {
    for (const muted of this.#muted.values()) {
      muted.timer.cancel();
      if (muted.repeats > 0) this.#say({ ...muted.last, repeats: muted.repeats }, `${muted.message} (${muted.repeats} more)`);
    }
    this.#muted.clear();
  }

  #summarize(kind: string): void {
    const muted = this.#muted.get(kind);
    if (!muted) return;
    if (muted.repeats === 0) {
      muted.timer.cancel();
      this.#muted.delete(kind);
      return;
    }
    this.#say({ ...muted.last, repeats: muted.repeats }, `${muted.message} (${muted.repeats} more in the last minute)`);
    muted.repeats = 0;
  }
}
