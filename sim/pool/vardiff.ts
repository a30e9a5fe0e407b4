/** Variable difficulty: keeps the shares of one connection near a wanted spacing. Pure; the caller brings the time. */
import type { VardiffOptions } from './options.ts';

/** Enough shares that chance alone rarely moves the estimate by more than half. */
const WINDOW_SHARES = 12;
/** Shares that suffice when they come far too fast (by chance: one window in a thousand). */
const BURST_SHARES = 8;
const BURST_FACTOR = 4;
/** No change while the spacing is within this factor of the wanted one. */
const TOLERANCE = 1.5;
/** With fewer than one share in three spacings after these five the difficulty is too high (by chance: one window in a hundred). */
const SILENT_SPACINGS = 5;
const SLOW_SPACINGS = 3;
const LARGEST_RISE = 16;
const LARGEST_FALL = 8;

export class Vardiff {
  readonly #options: VardiffOptions;
  #windowStartMs: number;
  #shares = 0;

  constructor(options: VardiffOptions, nowMs: number) {
    this.#options = options;
    this.#windowStartMs = nowMs;
  }

  /** Starts counting anew, after the difficulty was set by other means. */
  restart(nowMs: number): void {
    this.#windowStartMs = nowMs;
    this.#shares = 0;
  }

  /** Counts a good share; returns the difficulty to change to, or null to stay. */
  share(difficulty: number, nowMs: number): number | null {
    this.#shares += 1;
    const spacing = this.#spacingFactor(nowMs);
    const burst = this.#shares >= BURST_SHARES && spacing < 1 / BURST_FACTOR;
    if (!burst && this.#shares < WINDOW_SHARES) return null;
    this.restart(nowMs);
    return spacing > 1 / TOLERANCE && spacing < TOLERANCE ? null : this.#changed(difficulty, 1 / spacing);
  }

  /** To be called now and then, for miners too slow to send any share. */
  tick(difficulty: number, nowMs: number): number | null {
    const waited = (nowMs - this.#windowStartMs) / 1000 / this.#options.shareSpacing_s;
    if (waited < SILENT_SPACINGS + SLOW_SPACINGS * this.#shares) return null;
    const shares = this.#shares + 1;
    this.restart(nowMs);
    return this.#changed(difficulty, shares / waited);
  }

  /** Mean time between the shares of this window as a multiple of the wanted one. */
  #spacingFactor(nowMs: number): number {
    const elapsed_s = Math.max(0.001, (nowMs - this.#windowStartMs) / 1000);
    return elapsed_s / this.#shares / this.#options.shareSpacing_s;
  }

  #changed(difficulty: number, factor: number): number | null {
    const wanted = difficulty * Math.min(LARGEST_RISE, Math.max(1 / LARGEST_FALL, factor));
    const next = roundDifficulty(Math.min(this.#options.max, Math.max(this.#options.min, wanted)));
    return next === difficulty ? null : next;
  }
}

/** Whole numbers from 1 up, three significant digits below: short on the wire and the same in every reader. */
export function roundDifficulty(difficulty: number): number {
  return difficulty >= 1 ? Math.round(difficulty) : Number(difficulty.toPrecision(3));
}
