import { HEADER_OFFSET, hashHeader } from '../../protocol/bitcoin/header.ts';
import { readU32LE, writeU32LE } from '../../protocol/common/bytes.ts';
import { leadingZeroBits } from '../asic/nonce-check.ts';
import type { Work } from '../contract.ts';

export interface FoundWork {
  readonly work: Work;
  /** It is a nonce of this work; else the work is only the likeliest. */
  readonly proved: boolean;
  readonly newest: boolean;
}

/**
 * Finds the work of a nonce that comes without an id: replies overtaken by new work belong to an older one. The newest whose
 * header the nonce proves is right; a wrong one would prove itself once in 2^zeroBits.
 */
export class RecentWorks {
  readonly #zeroBits: number;
  readonly #kept: number;
  #works: Work[] = [];

  /** @param zeroBits that every right nonce has @param kept how many works replies may be behind, and the newest */
  constructor(zeroBits: number, kept: number) {
    this.#zeroBits = zeroBits;
    this.#kept = kept;
  }

  add(work: Work): void {
    this.#works = [work, ...this.#works].slice(0, this.#kept);
  }

  get newest(): Work | null {
    return this.#works[0] ?? null;
  }

  clear(): void {
    this.#works = [];
  }

  /** Null when none has been sent. */
  find(nonce: number): FoundWork | null {
    for (const work of this.#works) {
      const header = work.header.slice();
      writeU32LE(header, nonce, HEADER_OFFSET.nonce);
      if (leadingZeroBits(hashHeader(header)) >= this.#zeroBits) return { work, proved: true, newest: work === this.#works[0] };
    }
    const likeliest = this.#works[0];
    return likeliest === undefined ? null : { work: likeliest, proved: false, newest: true };
  }
}

/** The version of a work's header. */
export function versionOf(work: Work): number {
  return readU32LE(work.header, HEADER_OFFSET.version);
}
