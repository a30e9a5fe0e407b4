const FIRST_BYTES = 16 * 1024;

/** Joins the pieces of an answer as they come, in memory of its own, so that the whole can be given to a thread without a copy. */
export class ByteCollector {
  readonly #maxBytes: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** @param expectedBytes announced length, believed up to `maxBytes`; 0 = unknown */
  constructor(expectedBytes: number, maxBytes: number) {
    this.#maxBytes = maxBytes;
    const expected = Number.isSafeInteger(expectedBytes) && expectedBytes > 0 ? expectedBytes : FIRST_BYTES;
    this.#bytes = new Uint8Array(Math.min(maxBytes, expected));
  }

  /** False when the whole would be above the limit; the piece is left out then. */
  add(piece: Uint8Array): boolean {
    const length = this.#length + piece.length;
    if (length > this.#maxBytes) return false;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(this.#maxBytes, Math.max(length, 2 * this.#bytes.length)));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = length;
    return true;
  }

  /** Everything so far. */
  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
