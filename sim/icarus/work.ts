/**
 * The 64 bytes of work that Icarus and its descendants take (reference 8, 9): a midstate, some bytes in between, and the end of
 * the header. No length, no checksum: where a work begins is where the last one ended.
 */

export const WORK_BYTES = 64;

export interface RawWork {
  readonly midstate: Int32Array;
  /** Header bytes 64 to 75. */
  readonly tail: Uint8Array;
  /** Bytes 32 to 51, which some chips use. */
  readonly between: Uint8Array;
}

/** Words stand from the last to the first, in the midstate and in the tail; the bytes of each as they are in SHA-256 and in the header. */
export function readWork(bytes: Uint8Array): RawWork {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const tail = new Uint8Array(12);
  for (let word = 0; word < 3; word++) tail.set(bytes.subarray(60 - 4 * word, 64 - 4 * word), 4 * word);
  return { midstate: Int32Array.from({ length: 8 }, (_, word) => view.getInt32(28 - 4 * word)), tail, between: bytes.slice(32, 52) };
}
