import { LIMITS } from './limits.ts';

/** Counts lines that are not Stratum, and knows when there were too many of them in a short time. */
export class GarbageMeter {
  readonly #windowMs: number;
  #recent: number[] = [];
  #lastWarned = -Infinity;
  #unreported = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /**
   * Notes one bad line.
   * @returns `tooMany`: more than a Stratum server would ever send; `report`: how many to tell a person of now (at most
   * once per window), or 0
   */
  add(now: number): { readonly tooMany: boolean; readonly report: number } {
    this.#recent = [...this.#recent.filter((at) => now - at < this.#windowMs), now];
    this.#unreported += 1;
    if (now - this.#lastWarned < this.#windowMs) return { tooMany: this.#recent.length >= LIMITS.garbageLines, report: 0 };
    const report = this.#unreported;
    this.#lastWarned = now;
    this.#unreported = 0;
    return { tooMany: this.#recent.length >= LIMITS.garbageLines, report };
  }
}
