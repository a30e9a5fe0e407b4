import { BLOCK } from '../disk/disk.ts';
import type { NewRecord } from '../journal/record.ts';

/** What a journal line has besides the entry: checksum, chain, times, kind. */
const LINE_OVERHEAD = 215;
/** Of the longest wait for a commit, the part that must have passed. */
const LEAST_WAIT = 1 / 3;

/**
 * A commit takes whole blocks of the card, full or not. This says when the next record would begin another block, so that
 * what waits may as well be committed now: half the bytes of a commit at fixed times, at one record a second.
 */
export class BlockFiller {
  readonly #longestMs: number;
  readonly #monotonic: () => number;
  #bytes = 0;
  #committedAt: number;

  /** @param longestMs longest time between commits @param monotonic milliseconds by a clock that never steps */
  constructor(longestMs: number, monotonic: () => number) {
    this.#longestMs = longestMs;
    this.#monotonic = monotonic;
    this.#committedAt = monotonic();
  }

  add(record: NewRecord): void {
    this.#bytes += record.entryText.length + LINE_OVERHEAD;
  }

  /** Whether a record like the last one would need a further block. */
  isFull(last: NewRecord): boolean {
    const next = last.entryText.length + LINE_OVERHEAD;
    const room = BLOCK - (this.#bytes % BLOCK);
    return room < next && this.#monotonic() - this.#committedAt >= this.#longestMs * LEAST_WAIT;
  }

  committed(): void {
    this.#bytes = 0;
    this.#committedAt = this.#monotonic();
  }
}
