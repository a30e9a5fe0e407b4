const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const VALUE = new Map([...CHARSET].map((char, index) => [char, index]));
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
/** What the checksum of a whole string must come to: BIP173 for bech32, BIP350 for bech32m. */
const CONSTANT = { bech32: 1, bech32m: 0x2bc830a3 } as const;
const CHECKSUM_CHARS = 6;
const MAX_CHARS = 90;

export type Bech32Encoding = keyof typeof CONSTANT;

export interface Bech32 {
  /** Human-readable part, lower case. */
  readonly prefix: string;
  /** 5-bit groups without the checksum. */
  readonly words: readonly number[];
  readonly encoding: Bech32Encoding;
}

function polymod(values: Iterable<number>): number {
  let checksum = 1;
  for (const value of values) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ value;
    for (let i = 0; i < GENERATOR.length; i++) if ((top >>> i) & 1) checksum ^= GENERATOR[i] ?? 0;
  }
  return checksum >>> 0;
}

function expandPrefix(prefix: string): number[] {
  const codes = [...prefix].map((char) => char.charCodeAt(0));
  return [...codes.map((code) => code >>> 5), 0, ...codes.map((code) => code & 31)];
}

/**
 * Decodes a bech32 (BIP173) or bech32m (BIP350) string and says which of the two it is.
 * @returns null for mixed case, bad characters, bad length or a checksum of neither encoding
 */
export function decodeBech32(text: string): Bech32 | null {
  const lower = text.toLowerCase();
  if (text.length > MAX_CHARS || (text !== lower && text !== text.toUpperCase())) return null;
  const separator = lower.lastIndexOf('1');
  if (separator < 1 || separator + 1 + CHECKSUM_CHARS > lower.length) return null;
  const prefix = lower.slice(0, separator);
  if (!/^[\x21-\x7e]+$/.test(prefix)) return null;
  const words: number[] = [];
  for (const char of lower.slice(separator + 1)) {
    const value = VALUE.get(char);
    if (value === undefined) return null;
    words.push(value);
  }
  const checksum = polymod([...expandPrefix(prefix), ...words]);
  const encoding = checksum === CONSTANT.bech32 ? 'bech32' : checksum === CONSTANT.bech32m ? 'bech32m' : null;
  return encoding && { prefix, words: words.slice(0, -CHECKSUM_CHARS), encoding };
}

/** Regroups 5-bit words into bytes; null when the padding is too long or not zero (BIP173). */
export function wordsToBytes(words: readonly number[]): Uint8Array | null {
  const bytes: number[] = [];
  let buffer = 0;
  let bits = 0;
  for (const word of words) {
    buffer = ((buffer << 5) | word) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((buffer >>> bits) & 0xff);
    }
  }
  if (bits >= 5 || (buffer & ((1 << bits) - 1)) !== 0) return null;
  return Uint8Array.from(bytes);
}

/** Regroups bytes into 5-bit words, padded with zero bits. */
export function bytesToWords(bytes: Uint8Array): number[] {
  const words: number[] = [];
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) words.push((buffer >>> (bits - 5)) & 31);
  }
  if (bits > 0) words.push((buffer << (5 - bits)) & 31);
  return words;
}

/** The string of a prefix (lower case) and 5-bit words with its checksum. */
export function encodeBech32({ prefix, words, encoding }: Bech32): string {
  const checksum = polymod([...expandPrefix(prefix), ...words, ...new Array<number>(CHECKSUM_CHARS).fill(0)]) ^ CONSTANT[encoding];
  const checkWords = Array.from({ length: CHECKSUM_CHARS }, (_, i) => (checksum >>> (5 * (CHECKSUM_CHARS - 1 - i))) & 31);
  return `${prefix}1${[...words, ...checkWords].map((word) => CHARSET[word]).join('')}`;
}
