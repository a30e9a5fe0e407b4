/** Ids of the last records, so that an entry handed over twice is written once. Bounded: the oldest are forgotten. */
export class RecentIds {
  readonly #ids = new Set<string>();
  /** The same in a ring, so that the oldest is known. */
  readonly #ring: string[] = [];
  readonly #limit: number;
  #next = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns false when the id is known */
  add(id: string): boolean {
    const before = this.#ids.size;
    this.#ids.add(id);
    if (this.#ids.size === before) return false;
    const oldest = this.#ring[this.#next];
    if (oldest !== undefined) this.#ids.delete(oldest);
    this.#ring[this.#next] = id;
    this.#next = (this.#next + 1) % this.#limit;
    return true;
  }
}
