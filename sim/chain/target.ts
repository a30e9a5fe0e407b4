/** Targets of the demo chain and its pool: compact form, difficulty and work, all exact. */

/** Hash target at difficulty 1, the unit every Stratum pool counts in: 0xffff * 2^208. */
export const DIFFICULTY_1_TARGET = 0xffffn << 208n;
const TARGET_LIMIT = (1n << 256n) - 1n;
/** Hashes that are needed on average for one share of difficulty 1: 2^256 / (0xffff * 2^208). */
export const HASHES_PER_DIFFICULTY = 2 ** 48 / 0xffff;

/**
 * Compact form (`nbits`) to target.
 * @throws RangeError when it encodes a negative number, zero, or more than 256 bits
 */
export function targetFromBits(bits: number): bigint {
  const exponent = bits >>> 24;
  const mantissa = BigInt(bits & 0x7fffff);
  const target = exponent <= 3 ? mantissa >> BigInt(8 * (3 - exponent)) : mantissa << BigInt(8 * (exponent - 3));
  if ((bits & 0x800000) !== 0 || target === 0n || target > TARGET_LIMIT) throw new RangeError(`not a usable target: ${(bits >>> 0).toString(16)}`);
  return target;
}

/** Target to compact form, rounded down to its 23 significant bits (always minimal, never negative). */
export function bitsFromTarget(target: bigint): number {
  let size = Math.ceil(target.toString(16).length / 2);
  let mantissa = size <= 3 ? Number(target << BigInt(8 * (3 - size))) : Number(target >> BigInt(8 * (size - 3)));
  if ((mantissa & 0x800000) !== 0) {
    mantissa >>>= 8;
    size += 1;
  }
  return ((size << 24) | mantissa) >>> 0;
}

/** Average number of hashes that meet a target: 2^256 / (target + 1). */
export function workOfTarget(target: bigint): bigint {
  return (1n << 256n) / (target + 1n);
}

/** The target that takes `hashes` hashes on average. */
export function targetForWork(hashes: bigint): bigint {
  const target = (1n << 256n) / (hashes < 1n ? 1n : hashes);
  return target > TARGET_LIMIT ? TARGET_LIMIT : target;
}

/** Exact value of a positive double as numerator / denominator. */
function fraction(value: number): { numerator: bigint; denominator: bigint } {
  let exponent = 0n;
  let scaled = value;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    exponent += 1n;
  }
  return { numerator: BigInt(scaled), denominator: 1n << exponent };
}

/**
 * Share difficulty to target: floor(0xffff * 2^208 / difficulty), at most 2^256 - 1.
 * @throws RangeError when the difficulty is not a positive finite number
 */
export function targetFromDifficulty(difficulty: number): bigint {
  if (!Number.isFinite(difficulty) || difficulty <= 0) throw new RangeError(`not a difficulty: ${difficulty}`);
  const { numerator, denominator } = fraction(difficulty);
  const target = (DIFFICULTY_1_TARGET * denominator) / numerator;
  return target > TARGET_LIMIT ? TARGET_LIMIT : target;
}

/** Difficulty of a target or of a hash read as a number: 0xffff * 2^208 / value. */
export function difficultyOf(value: bigint): number {
  const scale = 128n;
  return Number((DIFFICULTY_1_TARGET << scale) / (value === 0n ? 1n : value)) / 2 ** Number(scale);
}
