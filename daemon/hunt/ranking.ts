/** Numbers 0, 1, 2 ... in the order of a key that may change later; without a key (null) last, in their own order. Finds a place in O(log n). */
export class Ranking {
  readonly #keys: (number | null)[];
  readonly #order: number[];

  /** @param keys of those there are already */
  constructor(keys: readonly (number | null)[] = []) {
    this.#keys = [...keys];
    this.#order = keys.map((_, item) => item).sort((a, b) => (this.#isBefore(a, b) ? -1 : 1));
  }

  /** The next number. */
  add(key: number | null): void {
    const item = this.#keys.length;
    this.#keys.push(key);
    this.#order.splice(this.#placeOf(item), 0, item);
  }

  change(item: number, key: number | null): void {
    this.#order.splice(this.#placeOf(item), 1);
    this.#keys[item] = key;
    this.#order.splice(this.#placeOf(item), 0, item);
  }

  slice(from: number, to: number): number[] {
    return this.#order.slice(from, to);
  }

  #placeOf(item: number): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#isBefore(this.#order[middle]!, item)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isBefore(a: number, b: number): boolean {
    const [first, second] = [this.#keys[a]!, this.#keys[b]!];
    if (first === second) return a < b;
    return first !== null && (second === null || first < second);
  }
}
