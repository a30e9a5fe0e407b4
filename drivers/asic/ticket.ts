/**
 * How good a hash must be before the chips report it. Seldom enough not to flood the line, often enough for the clocks and
 * the rate, and never seldomer than the pool takes shares: a hash the chips keep to themselves is lost.
 */
import { leadingZeroBits } from './nonce-check.ts';

/** Nonces a second to aim for. Firmware of 1 TH/s boards takes difficulty 256, which is about one. */
const AIM_PER_S = 1;
/** The ticket stays while it gives between a third and three of those: frequency and measured rates wander. */
const SLACK = 3;
/** A pool that raises the difficulty may lower it again soon. */
const RAISE_AFTER_MS = 60_000;

/** Exponent of the greatest ticket (2^n times 2^zeroBits hashes) that loses no hash at or below the target. Below 0 when even 1 does. */
export function ticketBitsOfTarget(target: Uint8Array, zeroBits: number): number {
  return leadingZeroBits(target) - zeroBits;
}

/** Mean number of hashes for one at or below a target of 32 bytes, little-endian. */
export function hashesPerHit(target: Uint8Array): number {
  let top = 0;
  for (const byte of target.toReversed()) top = top * 256 + byte;
  return 2 ** 256 / (top + 1);
}

export class TicketChoice {
  #bits = 0;
  #raiseSince: number | null = null;

  /** The difficulty in force: a power of two, in units of 2^zeroBits hashes. */
  get difficulty(): number {
    return 2 ** this.#bits;
  }

  /**
   * The difficulty for the next work. Falls at once, because shares would be lost; rises when it has been due for a while.
   * @param shareTarget what pool or network take, 32 bytes little-endian
   * @param hashrateHs what the chips should make; null = unknown: then every hash they find is wanted
   */
  choose(now: number, shareTarget: Uint8Array, zeroBits: number, hashrateHs: number | null): number {
    const most = Math.min(31, Math.max(0, ticketBitsOfTarget(shareTarget, zeroBits)));
    // Nonces a second at difficulty 1.
    const perSecond = hashrateHs === null ? 0 : hashrateHs / 2 ** zeroBits;
    const aim = perSecond > 0 ? Math.max(0, Math.round(Math.log2(perSecond / AIM_PER_S))) : 0;
    const wanted = Math.min(most, aim);
    const seldom = perSecond / 2 ** this.#bits < AIM_PER_S / SLACK;
    if (this.#bits > most || (wanted < this.#bits && seldom)) {
      this.#bits = wanted;
      this.#raiseSince = null;
    } else if (wanted > this.#bits && perSecond / 2 ** this.#bits > AIM_PER_S * SLACK) {
      this.#raiseSince ??= now;
      if (now - this.#raiseSince >= RAISE_AFTER_MS) {
        this.#bits = wanted;
        this.#raiseSince = null;
      }
    } else {
      this.#raiseSince = null;
    }
    return this.difficulty;
  }

  /** After a start the chips have no history: takes what is best now, without waiting. */
  restart(): void {
    this.#raiseSince = -Infinity;
  }
}
