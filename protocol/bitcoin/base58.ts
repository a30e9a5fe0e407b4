import { concatBytes, equalBytes } from '../common/bytes.ts';
import { sha256d } from './hash.ts';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const VALUE = new Map([...ALPHABET].map((char, index) => [char, index]));
const CHECKSUM_BYTES = 4;

/** Base58 digits to bytes; each leading `1` is a zero byte. Null when a character is outside the alphabet. */
function decodeBase58(text: string): Uint8Array | null {
  let zeros = 0;
  while (text[zeros] === '1') zeros++;
  const bytes: number[] = [];
  for (const char of text) {
    let carry = VALUE.get(char);
    if (carry === undefined) return null;
    for (let i = 0; i < bytes.length; i++) {
      carry += (bytes[i] ?? 0) * 58;
      bytes[i] = carry & 0xff;
      carry >>= 8;
    }
    while (carry > 0) {
      bytes.push(carry & 0xff);
      carry >>= 8;
    }
  }
  return Uint8Array.from([...new Array<number>(zeros).fill(0), ...bytes.reverse()]);
}

/**
 * Decodes Base58Check: payload followed by the first four bytes of its SHA-256d.
 * @returns the payload (version byte first), or null when a character or the checksum is wrong
 */
export function decodeBase58Check(text: string): Uint8Array | null {
  const bytes = decodeBase58(text);
  if (!bytes || bytes.length <= CHECKSUM_BYTES) return null;
  const payload = bytes.subarray(0, -CHECKSUM_BYTES);
  const checksum = sha256d(payload).subarray(0, CHECKSUM_BYTES);
  return equalBytes(checksum, bytes.subarray(-CHECKSUM_BYTES)) ? payload : null;
}

/** Base58 of the payload and the first 4 bytes of its SHA-256d. */
export function encodeBase58Check(payload: Uint8Array): string {
  const bytes = concatBytes(payload, sha256d(payload).subarray(0, CHECKSUM_BYTES));
  let zeros = 0;
  while (bytes[zeros] === 0) zeros++;
  const digits: number[] = [];
  for (const byte of bytes) {
    let carry = byte;
    for (let i = 0; i < digits.length; i++) {
      carry += (digits[i] ?? 0) * 256;
      digits[i] = carry % 58;
      carry = Math.floor(carry / 58);
    }
    while (carry > 0) {
      digits.push(carry % 58);
      carry = Math.floor(carry / 58);
    }
  }
  return '1'.repeat(zeros) + digits.reverse().map((digit) => ALPHABET[digit]).join('');
}
