/** Small helpers on byte arrays, shared by every protocol. Indices outside an array are defects and throw RangeError. */

const HEX_DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Value of an ASCII hex digit, or -1. */
function digitValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/**
 * Bytes of a hex string of either case, or null when it is not hex or has an odd number of digits.
 * For text that came from outside; the empty string is zero bytes.
 */
export function tryHexToBytes(hex: string): Uint8Array | null {
  if (hex.length % 2 !== 0) return null;
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = digitValue(hex.charCodeAt(2 * i));
    const low = digitValue(hex.charCodeAt(2 * i + 1));
    if (high < 0 || low < 0) return null;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** Bytes of a hex string of either case. @throws RangeError when it is not hex or has an odd number of digits */
export function hexToBytes(hex: string): Uint8Array {
  const bytes = tryHexToBytes(hex);
  if (bytes === null) throw new RangeError(`not a hex string of whole bytes: "${hex.slice(0, 40)}"`);
  return bytes;
}

/** Lower-case hex of the bytes, in order. */
export function bytesToHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += HEX_DIGITS[byte];
  return hex;
}

/** A copy in reverse order (digest order <-> the order explorers print). */
export function reverseBytes(bytes: Uint8Array): Uint8Array {
  // Not `slice`: that of a Buffer is a view, and reversing it would turn the caller's own bytes round.
  return Uint8Array.from(bytes).reverse();
}

/**
 * A copy with the bytes inside each 4-byte word reversed: how Stratum V1 writes the previous block hash.
 * @throws RangeError when the length is not a multiple of 4
 */
export function swapWords(bytes: Uint8Array): Uint8Array {
  if (bytes.length % 4 !== 0) throw new RangeError(`length ${bytes.length} is not a multiple of 4`);
  const swapped = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) swapped[i] = bytes[i ^ 3]!;
  return swapped;
}

/** One array of all parts, in order. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** True when both have the same length and content. Not constant time. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/** Lexicographic order: negative, 0 or positive; a shorter prefix sorts first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

function checkRange(bytes: Uint8Array, offset: number): void {
  if (offset < 0 || offset + 4 > bytes.length) throw new RangeError(`no 4 bytes at offset ${offset} of ${bytes.length}`);
}

/** Unsigned 32-bit number, least significant byte first. */
export function readU32LE(bytes: Uint8Array, offset = 0): number {
  checkRange(bytes, offset);
  return (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>> 0;
}

/** Unsigned 32-bit number, most significant byte first. */
export function readU32BE(bytes: Uint8Array, offset = 0): number {
  checkRange(bytes, offset);
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}

/** Writes the low 32 bits of `value`, least significant byte first. */
export function writeU32LE(bytes: Uint8Array, value: number, offset = 0): void {
  checkRange(bytes, offset);
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
  bytes[offset + 2] = value >>> 16;
  bytes[offset + 3] = value >>> 24;
}

/** Writes the low 32 bits of `value`, most significant byte first. */
export function writeU32BE(bytes: Uint8Array, value: number, offset = 0): void {
  checkRange(bytes, offset);
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}

/** The low 32 bits as 8 lower-case hex digits, most significant first (how Stratum V1 writes numbers). */
export function u32ToHex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
