/**
 * Targets and difficulties. A target is a bigint below 2^256; a hash meets it when, read as a little-endian number, it
 * is not greater. Difficulty is Stratum's: 1 = 0xffff << 208 ("bdiff").
 */
import { bytesToHex, hexToBytes, reverseBytes } from '../common/bytes.ts';

/** Target of difficulty 1. */
export const DIFFICULTY_ONE = 0xffffn << 208n;

/** Average number of hashes for one that meets difficulty 1. */
export const HASHES_AT_DIFFICULTY_ONE = 2 ** 48 / 0xffff;

/** Highest possible target: every hash meets it. */
export const MAX_TARGET = (1n << 256n) - 1n;

interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** The exact value of a double: IEEE 754 doubles are binary fractions. */
function rationalOfDouble(value: number): Rational {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  const exponent = Math.max(biased, 1) - 1075;
  return exponent >= 0
    ? { numerator: mantissa << BigInt(exponent), denominator: 1n }
    : { numerator: mantissa, denominator: 1n << BigInt(-exponent) };
}

/** The exact value of a decimal text such as `16383.75` or `1e-5`; exponents up to +-400 (a double has 308). */
function rationalOfDecimal(text: string): Rational {
  const match = /^(\d{1,400})(?:\.(\d{1,400}))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text);
  const exponent = Number(match?.[3] ?? 0) - (match?.[2]?.length ?? 0);
  if (match === null || Math.abs(exponent) > 800) throw new RangeError(`not a difficulty: "${text.slice(0, 40)}"`);
  const digits = BigInt(match[1]! + (match[2] ?? ''));
  return exponent >= 0
    ? { numerator: digits * 10n ** BigInt(exponent), denominator: 1n }
    : { numerator: digits, denominator: 10n ** BigInt(-exponent) };
}

/**
 * Exact target of a difficulty: floor(DIFFICULTY_ONE / difficulty), at most 2^256-1.
 * @param difficulty a number, taken as the exact binary fraction the double is; or a decimal text, taken literally
 * @throws RangeError when it is not a finite number above 0
 */
export function targetFromDifficulty(difficulty: number | string): bigint {
  if (typeof difficulty === 'number' && !Number.isFinite(difficulty)) throw new RangeError(`not a difficulty: ${difficulty}`);
  if (typeof difficulty === 'number' && difficulty <= 0) throw new RangeError(`a difficulty is above 0, not ${difficulty}`);
  const { numerator, denominator } = typeof difficulty === 'number' ? rationalOfDouble(difficulty) : rationalOfDecimal(difficulty);
  if (numerator === 0n) throw new RangeError('a difficulty is above 0');
  const target = (DIFFICULTY_ONE * denominator) / numerator;
  return target > MAX_TARGET ? MAX_TARGET : target;
}

/** Difficulty of a target; Infinity for target 0. Correct to the last bits of a double. */
export function difficultyFromTarget(target: bigint): number {
  return Number(DIFFICULTY_ONE) / Number(target);
}

/** Chance that one hash meets a target. */
export function chanceOfTarget(target: bigint): number {
  return (Number(target) + 1) / 2 ** 256;
}

/** The hash as the number that is compared with a target (its first byte is the least significant). */
export function hashToBigInt(hash: Uint8Array): bigint {
  return BigInt(`0x0${bytesToHex(reverseBytes(hash))}`);
}

/** Difficulty of the hardest target that a hash meets; Infinity for the all-zero hash. */
export function difficultyOfHash(hash: Uint8Array): number {
  return difficultyFromTarget(hashToBigInt(hash));
}

/** True when the hash (digest order) is at or below the target. */
export function meetsTarget(hash: Uint8Array, target: bigint): boolean {
  return hashToBigInt(hash) <= target;
}

/** A target as 64 hex digits, most significant first. @throws RangeError outside 0 .. 2^256-1 */
export function targetToHex(target: bigint): string {
  if (target < 0n || target > MAX_TARGET) throw new RangeError('a target is between 0 and 2^256-1');
  return target.toString(16).padStart(64, '0');
}

/** A target as 32 bytes, least significant first: the order hash digests are compared in. */
export function targetToBytes(target: bigint): Uint8Array {
  return reverseBytes(hexToBytes(targetToHex(target)));
}

/** The target of 32 bytes, least significant first. @throws RangeError when it is not 32 bytes */
export function targetFromBytes(bytes: Uint8Array): bigint {
  if (bytes.length !== 32) throw new RangeError(`a target has 32 bytes, not ${bytes.length}`);
  return hashToBigInt(bytes);
}

/** Highest target whose display form starts with `zeros` zero hex digits. @throws RangeError outside 0 .. 64 */
export function targetFromZeros(zeros: number): bigint {
  if (!Number.isInteger(zeros) || zeros < 0 || zeros > 64) throw new RangeError(`leading zeros are between 0 and 64, not ${zeros}`);
  return (1n << BigInt(256 - 4 * zeros)) - 1n;
}

/** Zero hex digits at the start of the display form of a hash (digest order). */
export function leadingZeroDigits(hash: Uint8Array): number {
  let digits = 0;
  for (let i = hash.length - 1; i >= 0; i--) {
    const byte = hash[i]!;
    if (byte >= 16) break;
    digits += byte === 0 ? 2 : 1;
    if (byte !== 0) break;
  }
  return digits;
}
