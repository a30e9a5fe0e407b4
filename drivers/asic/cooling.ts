/** Waiting for a board that was too hot: a minute at least, and until it is 10 degC below where it was switched off, or at 50. Pure. */

const AT_LEAST_MS = 60_000;
const BY_C = 10;
/** Cool whatever it was before: in a hot room, or when it was not this sensor that was hot, it gets no cooler. */
const COOL_C = 50;
/** A halted board whose temperature stays unknown for so long has a broken sensor. */
const BLIND_MS = 15 * 60_000;

export class Cooling {
  readonly reason: string;
  readonly #since: number;
  readonly #belowC: number | null;

  /** @param why plain words @param temp where it was switched off, degC; null = not known */
  constructor(now: number, why: string, temp: number | null) {
    this.#since = now;
    this.#belowC = temp === null ? null : Math.max(COOL_C, temp - BY_C);
    this.reason = `${why}; waits a minute at least, until it has cooled${this.#belowC === null ? '' : ` to ${Math.round(this.#belowC)} degC`}`;
  }

  /** @param temp now, degC; null = not known: then it never counts as cool */
  look(now: number, temp: number | null): 'wait' | 'cool' | 'blind' {
    const age = now - this.#since;
    if (temp === null) return age >= BLIND_MS ? 'blind' : 'wait';
    return age >= AT_LEAST_MS && (this.#belowC === null || temp <= this.#belowC) ? 'cool' : 'wait';
  }
}
