/**
 * CRC5 of BM13xx commands and replies: polynomial x^5 + x^2 + 1 (05), start 1F, most significant bit first, no
 * reflection, no final XOR. It covers everything after the two preamble bytes.
 */

const POLYNOMIAL = 0x05;
const START = 0x1f;

/** One step for a whole byte; the CRC stands in the upper five bits of the index and of the entry. */
const TABLE = Uint8Array.from({ length: 256 }, (_, byte) => {
  let state = byte;
  for (let bit = 0; bit < 8; bit++) state = (state & 0x80) !== 0 ? ((state << 1) ^ (POLYNOMIAL << 3)) & 0xff : (state << 1) & 0xff;
  return state;
});

/** CRC5 (0 .. 31) of `bytes[from .. to)`. */
export function crc5(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let state = START << 3;
  for (let i = from; i < to; i++) state = TABLE[(state ^ bytes[i]!) & 0xff]!;
  return state >> 3;
}

/**
 * CRC5 of the first `bitCount` bits, for frames whose check does not start at a byte: the 27 bits of the 4-byte
 * commands of BM1382/BM1384, and a reply's body with the three type bits of its trailer.
 * @throws RangeError when there are fewer bits than that
 */
export function crc5OfBits(bytes: Uint8Array, bitCount: number): number {
  if (!Number.isInteger(bitCount) || bitCount < 0 || bitCount > 8 * bytes.length) throw new RangeError(`no ${bitCount} bits in ${bytes.length} bytes`);
  let state = START;
  for (let i = 0; i < bitCount; i++) {
    const bit = (bytes[i >> 3]! >> (7 - (i & 7))) & 1;
    const top = (state >> 4) & 1;
    state = (state << 1) & 0x1f;
    if ((bit ^ top) === 1) state ^= POLYNOMIAL;
  }
  return state;
}

/**
 * True when the CRC of a reply holds. Its last byte is `type << 5 | crc`, and the CRC covers the type bits too: run
 * over everything after AA 55 *including* the trailer it comes out as 0 (comparing the trailer with the CRC of the
 * body does not work).
 * @param frame the reply with its preamble AA 55
 */
export function replyCrcHolds(frame: Uint8Array, from = 0, to = frame.length): boolean {
  return crc5(frame, from + 2, to) === 0;
}

/**
 * The trailer of a reply: `type << 5 | crc`.
 * @param body everything between AA 55 and the trailer
 * @param type 0 register value, 4 nonce
 */
export function replyTrailer(body: Uint8Array, type: number): number {
  if (!Number.isInteger(type) || type < 0 || type > 7) throw new RangeError(`a reply type has three bits, not ${type}`);
  const bytes = new Uint8Array(body.length + 1);
  bytes.set(body);
  bytes[body.length] = type << 5;
  return (type << 5) | crc5OfBits(bytes, 8 * body.length + 3);
}
