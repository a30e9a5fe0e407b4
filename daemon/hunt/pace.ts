import type { Clock } from '../../protocol/common/clock.ts';

/** Less work than this part of a job says nothing about the pace. */
const LEAST_WORK = 0.25;

/** How fast jobs get done, pauses left out: from the work of this run alone, that of other days may have been on another machine. */
export class Pace {
  readonly #clock: Clock;
  #since: number | null = null;
  #ranMs = 0;
  #ended = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Time counts from now on. */
  run(): void {
    this.#since ??= this.#clock.monotonic();
  }

  /** Time does not count any more. */
  rest(): void {
    this.#ranMs = this.#elapsed();
    this.#since = null;
  }

  /** One more job has ended. */
  ended(): void {
    this.#ended++;
  }

  /**
   * Seconds for so many jobs.
   * @param underWay what is done of those under way, in jobs
   * @param left jobs without a result, those under way among them @returns null when it is too early to tell, or while it rests
   */
  eta(left: number, underWay: number): number | null {
    const work = this.#ended + underWay;
    if (left === 0) return 0;
    if (this.#since === null || work < LEAST_WORK) return null;
    return Math.round((Math.max(0, left - underWay) * this.#elapsed()) / work / 1000);
  }

  #elapsed(): number {
    return this.#ranMs + (this.#since === null ? 0 : this.#clock.monotonic() - this.#since);
  }
}
