/** The works a board was sent lately, by id: what its nonces are checked against. Bounded in number, age and memory. */
import type { Work } from '../contract.ts';

/** Some seconds of the quickest job intervals (20 ms), and far more ids than any chip keeps. */
const WORKS = 256;
const AGE_MS = 5 * 60_000;
/** Nonces remembered over all works. */
const SEEN = 20_000;

export interface SentWork {
  readonly work: Work;
  readonly sentAt: number;
  /** Verified nonces with their versions. */
  readonly seen: Set<string>;
}

export class WorkTable {
  /** Oldest first. */
  readonly #works = new Map<number, SentWork>();
  #seen = 0;

  /** Remembers a work as sent; sent again it keeps the nonces it has given. */
  add(work: Work, now: number): void {
    const before = this.#works.get(work.id);
    this.#works.delete(work.id);
    this.#works.set(work.id, { work, sentAt: now, seen: before?.seen ?? new Set() });
    for (const [id, sent] of this.#works) {
      if (this.#works.size <= WORKS && now - sent.sentAt <= AGE_MS) break;
      this.#forget(id, sent);
    }
  }

  get(id: number): SentWork | undefined {
    return this.#works.get(id);
  }

  get size(): number {
    return this.#works.size;
  }

  /** True when this nonce of this work has not been noted before; it is now. */
  note(sent: SentWork, nonce: number, version: number): boolean {
    const key = `${nonce}:${version}`;
    if (sent.seen.has(key)) return false;
    sent.seen.add(key);
    this.#seen++;
    for (const [id, oldest] of this.#works) {
      if (this.#seen <= SEEN || oldest === sent) break;
      this.#forget(id, oldest);
    }
    return true;
  }

  #forget(id: number, sent: SentWork): void {
    this.#works.delete(id);
    this.#seen -= sent.seen.size;
  }
}
