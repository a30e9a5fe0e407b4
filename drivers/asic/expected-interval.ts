/**
 * How often nonces are due. Of silicon the board says it. Of simulated chips (fewer zero bits) only they know how much of their
 * machine they get: theirs is learned from the nonces themselves, with room for a busy machine.
 */
import type { BoardFacts } from './board.ts';

const LEARN_FROM = 20;
const ROOM = 3;
/** Simulated chips that have not given enough nonces yet are silent by a round figure only. */
const UNKNOWN_MS = 10_000;

export class ExpectedInterval {
  #since: number | null = null;
  #elapsedMs = 0;
  #nonces = 0;
  /** What they stand for: the ticket changes, and with it how many nonces that is. */
  #hashes = 0;
  /** Time spent hashing until the last of them: a silence after it must not make itself seem usual. */
  #untilLastMs = 0;
  #lookedAt: number | null = null;
  #expected: number | null = 0;

  /** Nonces that healthy chips would have given so far, while hashing; null = they are simulated, so nobody knows. */
  get expectedNonces(): number | null {
    return this.#expected;
  }

  restart(now: number): void {
    this.#elapsedMs = 0;
    this.#nonces = 0;
    this.#hashes = 0;
    this.#untilLastMs = 0;
    if (this.#since !== null) this.#since = now;
  }

  hashing(now: number, on: boolean): void {
    if (on === (this.#since !== null)) return;
    if (this.#since !== null) this.#elapsedMs += now - this.#since;
    this.#since = on ? now : null;
    this.#lookedAt = this.#since;
  }

  /** @param hashes mean number of hashes that it stands for */
  nonce(now: number, hashes: number): void {
    this.#untilLastMs = this.#elapsedMs + (this.#since === null ? 0 : now - this.#since);
    this.#nonces++;
    this.#hashes += hashes;
  }

  /** The mean time between nonces, ms. Asked about once a second, it also sums up how many are due. */
  look(now: number, facts: BoardFacts): number {
    const silicon = facts.zeroBits === 32;
    if (this.#lookedAt !== null && this.#expected !== null) this.#expected = silicon ? this.#expected + (now - this.#lookedAt) / facts.nonceIntervalMs : null;
    if (this.#lookedAt !== null) this.#lookedAt = now;
    if (silicon) return facts.nonceIntervalMs;
    return this.#nonces < LEARN_FROM ? UNKNOWN_MS : (this.#untilLastMs / this.#hashes) * facts.hashesPerNonce * ROOM;
  }
}
