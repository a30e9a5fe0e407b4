/** The compact form of a target in block headers ("nBits"): one byte of length, a sign bit, 23 bits of mantissa. */
import { MAX_TARGET } from './target.ts';

export interface ExpandedCompact {
  /** Magnitude, cut to 256 bits. */
  readonly target: bigint;
  readonly negative: boolean;
  readonly overflow: boolean;
}

/** Expands a compact number exactly as Bitcoin Core's arith_uint256::SetCompact does, flags included. */
export function expandCompact(nbits: number): ExpandedCompact {
  const size = nbits >>> 24;
  const mantissa = nbits & 0x007f_ffff;
  const word = size <= 3 ? mantissa >>> (8 * (3 - size)) : mantissa;
  const target = size <= 3 ? BigInt(word) : (BigInt(word) << BigInt(8 * (size - 3))) & MAX_TARGET;
  return {
    target,
    negative: word !== 0 && (nbits & 0x0080_0000) !== 0,
    overflow: word !== 0 && (size > 34 || (word > 0xff && size > 33) || (word > 0xffff && size > 32)),
  };
}

/** The compact form of a target as arith_uint256::GetCompact makes it: the mantissa is cut, not rounded. */
export function targetToCompact(target: bigint, negative = false): number {
  let size = Math.ceil(target.toString(16).length / 2);
  if (target === 0n) size = 0;
  let compact = size <= 3 ? Number(target) << (8 * (3 - size)) : Number(target >> BigInt(8 * (size - 3)));
  if ((compact & 0x0080_0000) !== 0) {
    // The top bit of the mantissa is the sign: move one byte into the length.
    compact >>>= 8;
    size += 1;
  }
  const sign = negative && (compact & 0x007f_ffff) !== 0 ? 0x0080_0000 : 0;
  return (compact | sign | (size << 24)) >>> 0;
}

/** Network target of a header's nbits, or null when it cannot be one (zero, negative or above 2^256-1). */
export function targetFromCompact(nbits: number): bigint | null {
  const { target, negative, overflow } = expandCompact(nbits);
  return negative || overflow || target === 0n ? null : target;
}
