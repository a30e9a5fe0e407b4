/** Whom the jobs of one pool have paid so far, so that a change is noticed. */

/** So long a new payee has to stay until it counts as the usual one. */
export const ADOPT_AFTER_MS = 6 * 3_600_000;
/** A part of the reward smaller than the usual one by more than this is a change; fees of blocks move it by less. */
const SHARE_DROP_PERCENT = 5;
/** Pools that pay miners in the coinbase have hundreds of payees. */
const KNOWN_MAX = 2048;
const CANDIDATES_MAX = 64;

export class PayeeMemory {
  /** Everybody who was paid by a usual coinbase, oldest first. */
  readonly #known = new Set<string>();
  /** New main payees, and when they were first seen, monotonic ms. */
  readonly #candidates = new Map<string, number>();
  /** The part that the expected address usually gets. */
  #usualPercent: number | null = null;
  #dropSince: number | null = null;
  #mainPayee: string | null = null;
  #unpaidSince: number | null = null;

  /** The usual main payee; null = nothing was seen yet. */
  get mainPayee(): string | null {
    return this.#mainPayee;
  }

  /** The usual part of the expected address, percent; null = it has never been paid. */
  get usualPercent(): number | null {
    return this.#usualPercent;
  }

  /** Whether it is one of those that were paid before, or has stayed for long enough to be. */
  isUsual(payee: string, now: number): boolean {
    if (this.#known.size === 0 || this.#known.has(payee)) return true;
    const since = this.#candidates.get(payee);
    if (since !== undefined) return now - since >= ADOPT_AFTER_MS;
    if (this.#candidates.size >= CANDIDATES_MAX) this.#candidates.delete(this.#candidates.keys().next().value!);
    this.#candidates.set(payee, now);
    return false;
  }

  /** A coinbase that is as usual. @param payees everybody it pays, the main one first */
  learn(payees: readonly string[]): void {
    this.#candidates.clear();
    this.#mainPayee = payees[0] ?? this.#mainPayee;
    for (const payee of payees.slice(0, KNOWN_MAX)) {
      this.#known.delete(payee);
      this.#known.add(payee);
    }
    for (const payee of this.#known) {
      if (this.#known.size <= KNOWN_MAX) break;
      this.#known.delete(payee);
    }
  }

  /** Whether the expected address gets about what it usually gets, or has got less for so long that this is usual now. */
  isUsualPart(percent: number, now: number): boolean {
    if (this.#usualPercent === null || percent >= this.#usualPercent - SHARE_DROP_PERCENT) {
      this.#dropSince = null;
      // The most it was: many small steps down are a step, too.
      this.#usualPercent = Math.max(this.#usualPercent ?? 0, percent);
      return true;
    }
    this.#dropSince ??= now;
    if (now - this.#dropSince < ADOPT_AFTER_MS) return false;
    this.#usualPercent = percent;
    this.#dropSince = null;
    return true;
  }

  /** The expected address was paid. */
  paid(): void {
    this.#unpaidSince = null;
  }

  /** The expected address is not paid, though it has been: until that has been so for long enough to be usual. */
  isMissed(now: number): boolean {
    if (this.#usualPercent === null) return false;
    this.#unpaidSince ??= now;
    if (now - this.#unpaidSince < ADOPT_AFTER_MS) return true;
    this.#usualPercent = null;
    this.#unpaidSince = null;
    return false;
  }
}
