/** Hash rates from accepted shares: sums that decay with time (as ckpool keeps them), corrected for the time before they began. */
import { HASHES_AT_DIFFICULTY_ONE } from '../../protocol/bitcoin/target.ts';

const WINDOWS_S = [60, 300, 900, 3600] as const;
/** Before so many shares a rate is nothing but chance. */
const SHARES_NEEDED = 3;

export interface RateState {
  readonly m1: number | null;
  readonly m5: number | null;
  readonly m15: number | null;
  readonly h1: number | null;
}

export class ShareRates {
  readonly #sums = [0, 0, 0, 0];
  readonly #startedAt: number;
  #at: number;
  #shares = 0;

  /** @param now monotonic ms */
  constructor(now: number) {
    this.#startedAt = now;
    this.#at = now;
  }

  add(difficulty: number, now: number): void {
    this.#decay(now);
    for (let i = 0; i < this.#sums.length; i++) this.#sums[i]! += difficulty;
    this.#shares += 1;
  }

  /** Hashes per second; null = too early to tell. */
  state(now: number): RateState {
    this.#decay(now);
    return { m1: this.#rate(0, now), m5: this.#rate(1, now), m15: this.#rate(2, now), h1: this.#rate(3, now) };
  }

  #rate(index: number, now: number): number | null {
    const ageS = (now - this.#startedAt) / 1000;
    if (this.#shares < SHARES_NEEDED || ageS < 1) return null;
    const windowS = WINDOWS_S[index]!;
    // The integral of the weight over the time there was: without it, a young miner would seem slow.
    return (this.#sums[index]! * HASHES_AT_DIFFICULTY_ONE) / (windowS * -Math.expm1(-ageS / windowS));
  }

  #decay(now: number): void {
    const passedS = (now - this.#at) / 1000;
    if (passedS <= 0) return;
    this.#at = now;
    for (let i = 0; i < this.#sums.length; i++) this.#sums[i]! *= Math.exp(-passedS / WINDOWS_S[i]!);
  }
}
