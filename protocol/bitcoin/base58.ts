import { equalBytes } from '../common/bytes.ts';
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
