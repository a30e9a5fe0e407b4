/** What an item costs beside its text: the object around it, roughly. */
const OVERHEAD_BYTES = 200;

/** The last layer: the newest items within a number and a size; the oldest are pushed out. */
export class MemoryRing<T> {
  readonly #limits: { readonly records: number; readonly bytes: number };
  readonly #sizeOf: (item: T) => number;
  #items: T[] = [];
  #bytes = 0;

  /** @param sizeOf bytes of an item's text */
  constructor(limits: { readonly records: number; readonly bytes: number }, sizeOf: (item: T) => number) {
    this.#limits = limits;
    this.#sizeOf = (item) => sizeOf(item) + OVERHEAD_BYTES;
  }

  /** Oldest first. */
  get items(): readonly T[] {
    return this.#items;
  }

  /** Adds an item. @returns what had to go for it; the item itself when it alone is too big */
  push(item: T): T[] {
    const size = this.#sizeOf(item);
    if (size > this.#limits.bytes || this.#limits.records < 1) return [item];
    this.#items.push(item);
    this.#bytes += size;
    let out = 0;
    for (; this.#items.length - out > this.#limits.records || this.#bytes > this.#limits.bytes; out += 1) this.#bytes -= this.#sizeOf(this.#items[out] as T);
    return this.#items.splice(0, out);
  }

  /** Drops the items that `wanted` is false for. */
  retain(wanted: (item: T) => boolean): void {
    this.#items = this.#items.filter(wanted);
    this.#bytes = this.#items.reduce((sum, item) => sum + this.#sizeOf(item), 0);
  }
}
