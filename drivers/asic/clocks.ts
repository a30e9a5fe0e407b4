/**
 * The three clocks that tell whether a board really mines: answers arriving, nonces arriving, shares accepted. An open port, a
 * spinning fan and a chip that claims a rate prove nothing. Pure: time comes in as a number (monotonic ms).
 */
import type { ShareOutcome } from '../contract.ts';
import { poissonCdf } from '../../protocol/common/poisson.ts';

/** A healthy board is called silent by mistake once in a million silences. */
export const SILENCE = -Math.log(1e-6);
/** However quick the chips are: the event loop, the line and the work have their delays too. */
const SILENCE_AT_LEAST_MS = 5000;
/** Nonces expected in one window of the count: half as many or fewer are no chance (5.7 standard deviations). */
const WINDOW_NONCES = 128;
const WINDOW_AT_LEAST_MS = 60_000;
const TOO_FEW = 0.5;
/** Shares the pool may refuse one after the other, while their nonces verify, before that is worth a word. */
const REJECTED_IN_A_ROW = 10;
const SHARES_AT_LEAST_MS = 60_000;
/**
 * Looks come once a second. Further apart than this they mean that this process was held up, and what came in meanwhile has not been heard yet: that time
 * is nobody's silence.
 */
const HELD_UP_MS = 3000;
const TICK_MS = 1000;

export interface ClockExpectations {
  /** Longest time without an answer; null = none but nonces are given. */
  readonly answerWithinMs: number | null;
  /** Mean time between two nonces of healthy chips; null = not known: their silence proves nothing yet. */
  readonly nonceIntervalMs: number | null;
}

export interface Finding {
  /** answers and nonces: nothing comes. few: far fewer nonces than the chips should find. */
  readonly clock: 'answers' | 'nonces' | 'few';
  /** Plain words for a person. */
  readonly reason: string;
}

/** Ages in seconds; null = that clock is not running. */
export interface ClockAges {
  readonly answer_age_s: number | null;
  readonly nonce_age_s: number | null;
  readonly share_age_s: number | null;
}

export class Clocks {
  #answerAt: number | null = null;
  #nonceAt: number | null = null;
  #shareAt: number | null = null;
  #checkedAt = 0;
  /** Nonces that healthy chips would have given since the last one came. */
  #due = 0;
  #window = { since: 0, expected: 0, seen: 0 };
  /** Nonces since the last right one whose hash was not what it should be. */
  #wrong = 0;
  #sharesDue = 0;
  #rejected = 0;

  /** The board has been started: everything before is forgotten, but for the shares, which are the pool's. */
  start(now: number): void {
    this.#answerAt = now;
    this.#nonceAt = null;
    this.#checkedAt = now;
    this.#wrong = 0;
    this.#restartWindow(now);
  }

  /** The board does not run: nothing is due. */
  stop(): void {
    this.#answerAt = null;
    this.hashing(0, false);
  }

  /** The chips have work, or have none: without any, neither nonces nor shares are due. */
  hashing(now: number, on: boolean): void {
    if (on === (this.#nonceAt !== null)) return;
    this.#nonceAt = on ? now : null;
    this.#shareAt = on ? now : null;
    this.#checkedAt = now;
    this.#wrong = 0;
    this.#sharesDue = 0;
    this.#restartWindow(now);
  }

  answer(now: number): void {
    if (this.#answerAt !== null) this.#answerAt = now;
  }

  /**
   * A nonce that the host has verified. A window of 128 expected ones is counted on.
   * @param shares how many shares are found in the mean for each nonce like this: its hashes by those of a share
   */
  nonce(now: number, shares: number): void {
    this.answer(now);
    if (this.#nonceAt === null) return;
    this.#nonceAt = now;
    this.#wrong = 0;
    this.#due = 0;
    this.#window.seen++;
    this.#sharesDue += shares;
  }

  /** A nonce that the host has found wrong: an answer, and no sign of hashing. */
  wrong(now: number): void {
    this.answer(now);
    this.#wrong++;
  }

  /** The outcome of a share. One the pool has not judged (late, or not sent at all) still proves that shares are found. */
  share(now: number, outcome: ShareOutcome): void {
    if (outcome === 'rejected') {
      this.#rejected++;
      return;
    }
    if (outcome === 'accepted') this.#rejected = 0;
    if (this.#shareAt !== null) this.#shareAt = now;
    this.#sharesDue = 0;
  }

  /** To be asked about once a second while the board runs. Null = nothing is wrong with the hardware. */
  check(now: number, expected: ClockExpectations): Finding | null {
    const passed = this.#passed(now);
    if (this.#answerAt !== null && expected.answerWithinMs !== null && now - this.#answerAt > expected.answerWithinMs) {
      return { clock: 'answers', reason: `no answer for ${seconds(now - this.#answerAt)}` };
    }
    if (this.#nonceAt === null) return null;
    if (expected.nonceIntervalMs === null) return null;
    const due = passed / expected.nonceIntervalMs;
    this.#due += due;
    this.#window.expected += due;
    if (this.#due > SILENCE && now - this.#nonceAt >= SILENCE_AT_LEAST_MS) {
      const what = this.#wrong === 0 ? 'no nonce' : `${this.#wrong} wrong nonces and no right one`;
      return { clock: 'nonces', reason: `${what} for ${seconds(now - this.#nonceAt)}, where one comes every ${seconds(expected.nonceIntervalMs)}` };
    }
    const { since, expected: count, seen } = this.#window;
    if (count < WINDOW_NONCES || now - since < WINDOW_AT_LEAST_MS) return null;
    this.#restartWindow(now, this.#due);
    if (seen >= TOO_FEW * count || poissonCdf(seen, count) > 1e-6) return null;
    return { clock: 'few', reason: `${seen} nonces where ${Math.round(count)} were due: chips or domains are missing, or the clock is too fast for the voltage` };
  }

  /** Time since the last look, as far as it counts. */
  #passed(now: number): number {
    const passed = now - this.#checkedAt;
    this.#checkedAt = now;
    if (passed <= HELD_UP_MS) return passed;
    const deaf = passed - TICK_MS;
    if (this.#answerAt !== null) this.#answerAt = Math.min(now, this.#answerAt + deaf);
    if (this.#nonceAt !== null) this.#nonceAt = Math.min(now, this.#nonceAt + deaf);
    return TICK_MS;
  }

  /** After something was done about a finding of the nonces (work sent again): they have their full time once more. */
  again(now: number): void {
    if (this.#nonceAt !== null) this.#nonceAt = now;
    this.#checkedAt = now;
    this.#wrong = 0;
    this.#restartWindow(now);
  }

  /** Why the shares are in trouble, though the nonces verify; null = they are not. No business of the hardware. */
  sharesTrouble(now: number): string | null {
    if (this.#rejected >= REJECTED_IN_A_ROW) return `the pool has rejected the last ${this.#rejected} shares, though their nonces verify`;
    if (this.#shareAt === null || this.#sharesDue < SILENCE || now - this.#shareAt < SHARES_AT_LEAST_MS) return null;
    return `no share accepted for ${seconds(now - this.#shareAt)}, though ${Math.floor(this.#sharesDue)} should have been found in the mean`;
  }

  ages(now: number): ClockAges {
    const age = (at: number | null): number | null => (at === null ? null : Math.round((now - at) / 100) / 10);
    return { answer_age_s: age(this.#answerAt), nonce_age_s: age(this.#nonceAt), share_age_s: age(this.#shareAt) };
  }

  #restartWindow(now: number, due = 0): void {
    this.#due = due;
    this.#window = { since: now, expected: 0, seen: 0 };
  }
}

function seconds(ms: number): string {
  if (ms < 100) return `${ms.toPrecision(2)} ms`;
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}
