/** The difficulty a miner should have: one share in a wanted time, from what it accepted lately. No clock of its own. */

export interface VardiffOptions {
  /** Wanted time between two shares. */
  readonly shareMs: number;
  /** Least difficulty, as long as that is not above what the source or the network asks for. */
  readonly min: number;
  /** Null = only the source and the network bound it. */
  readonly max: number | null;
}

/** Shortest time between two ordinary changes. */
const CHANGE_MS = 30_000;
/** The same when shares come far too fast. */
const FAST_CHANGE_MS = 1_000;
/** So many shares in much less than their time are no chance any more. */
const FAST_SHARES = 8;
const FAST_FACTOR = 4;
/** One step upwards, at most: the estimate of the first few shares is rough. */
const MAX_STEP_UP = 64;
/** Without a single share the step downwards: a small miner at the difficulty of a large one must not wait for days. */
const SILENT_STEP = 16;
/** How long without a share is a sign: less than one in a hundred by chance. */
const SILENT_SHARES = 5;
/** The same before the first share: then nothing speaks for the present difficulty. */
const FIRST_SHARES = 3;
/** The work of so many wanted shares weighs in the estimate. */
const MEMORY_SHARES = 12;
/** Nothing is changed while the estimate is this close. */
const DEAD_BAND = 1.5;

/** A difficulty as a person would write it: whole from 1 on, two digits below (ckpool does alike). */
export function roundDifficulty(difficulty: number): number {
  return difficulty >= 1 ? Math.round(difficulty) : Number(difficulty.toPrecision(2));
}

/**
 * A difficulty within its bounds.
 * @param cap what a share of the source, or a block, has: a miner above it would keep them to itself
 */
export function boundDifficulty(wanted: number, cap: number, { min, max }: VardiffOptions): number {
  const rounded = Math.max(roundDifficulty(wanted), min);
  return Math.min(max === null ? rounded : Math.min(rounded, max), cap);
}

/** Follows the shares of one connection. Times are monotonic ms. */
export class Vardiff {
  readonly #options: VardiffOptions;
  /** Accepted difficulty, and the time it came in, both decaying: their ratio is the rate. */
  #work = 0;
  #time = 0;
  #seenAt: number;
  #changedAt: number;
  #lastShareAt: number;
  #sharesSinceChange = 0;
  #anyShare = false;

  constructor(options: VardiffOptions, now: number) {
    this.#options = options;
    this.#seenAt = now;
    this.#changedAt = now;
    this.#lastShareAt = now;
  }

  /** Notes an accepted share. @param difficulty what it counts for */
  share(difficulty: number, now: number): void {
    this.#decay(now);
    this.#work += difficulty;
    this.#lastShareAt = now;
    this.#sharesSinceChange += 1;
    this.#anyShare = true;
  }

  /** The connection has a new difficulty, whoever chose it. */
  changed(now: number): void {
    this.#changedAt = now;
    this.#sharesSinceChange = 0;
  }

  /**
   * The difficulty to change to, or null. To be asked every second or so.
   * @param current the difficulty in force
   * @param cap see boundDifficulty
   */
  tick(current: number, cap: number, now: number): number | null {
    const wanted = this.#wanted(current, now);
    if (wanted === null) return null;
    const difficulty = boundDifficulty(wanted, cap, this.#options);
    return difficulty === current ? null : difficulty;
  }

  #wanted(current: number, now: number): number | null {
    const { shareMs } = this.#options;
    const sinceChange = now - this.#changedAt;
    this.#decay(now);
    if (sinceChange >= FAST_CHANGE_MS && this.#sharesSinceChange >= FAST_SHARES && sinceChange * FAST_FACTOR < this.#sharesSinceChange * shareMs) {
      // The time since the change is all there is to go by: what came before was at another difficulty, or too early.
      return Math.min(current * MAX_STEP_UP, ((this.#sharesSinceChange * current) / sinceChange) * shareMs);
    }
    if (sinceChange < CHANGE_MS) return null;
    const silent = now - Math.max(this.#lastShareAt, this.#changedAt);
    if (!this.#anyShare) return silent >= FIRST_SHARES * shareMs ? current / SILENT_STEP : null;
    if (silent >= SILENT_SHARES * shareMs) return Math.max(current / SILENT_STEP, Math.min(current / 2, this.#estimate()));
    // Too few shares tell nothing but chance.
    if (this.#sharesSinceChange < 4) return null;
    const estimate = this.#estimate();
    return estimate > current * DEAD_BAND || estimate < current / DEAD_BAND ? estimate : null;
  }

  /** Difficulty at which this miner would find one share in the wanted time. */
  #estimate(): number {
    return this.#time === 0 ? 0 : (this.#work / this.#time) * this.#options.shareMs;
  }

  #decay(now: number): void {
    const passed = now - this.#seenAt;
    if (passed <= 0) return;
    this.#seenAt = now;
    const memory = MEMORY_SHARES * this.#options.shareMs;
    const kept = Math.exp(-passed / memory);
    this.#work *= kept;
    // The exact integral of the decaying weight over the time passed: no bias for young connections.
    this.#time = this.#time * kept + memory * (1 - kept);
  }
}
