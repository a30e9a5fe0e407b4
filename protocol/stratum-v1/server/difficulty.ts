import { SERVER_LIMITS } from './limits.ts';

/**
 * Which difficulty holds for which job of one miner: that in force when the job was sent, since miners apply a new one
 * with the next job. One that was lowered since also holds for older jobs, for those that apply it at once.
 */
export class DifficultyBook {
  #current: number;
  /** [first issue it holds for, difficulty], oldest first; null while it never changed: most miners' never does again. */
  #changes: (readonly [from: number, difficulty: number])[] | null = null;

  constructor(difficulty: number) {
    this.#current = difficulty;
  }

  get current(): number {
    return this.#current;
  }

  /** @param from sequence of the first issue that is sent with it */
  set(difficulty: number, from: number): void {
    this.#changes ??= [[0, this.#current]];
    // A second change before the next job replaces the first: no job was ever sent with that one.
    if (this.#changes.at(-1)![0] === from) this.#changes.pop();
    this.#changes.push([from, difficulty]);
    if (this.#changes.length > SERVER_LIMITS.difficultiesRemembered) this.#changes.shift();
    this.#current = difficulty;
  }

  /** Least difficulty of a share of the job with this sequence. */
  requiredFor(sequence: number): number {
    if (this.#changes === null) return this.#current;
    const sentWith = this.#changes.findLast(([from]) => from <= sequence) ?? this.#changes[0]!;
    return Math.min(sentWith[1], this.#current);
  }
}
