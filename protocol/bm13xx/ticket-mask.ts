/**
 * The ticket mask (register 14): which hashes a chip reports. The first 32 bits of a hash must be zero, and the masked
 * ones after them; so the difficulty is a power of two. Each byte of the register is bit-reversed. Reference 2.1.
 */

function reverseBits(byte: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) !== 0) reversed |= 0x80 >> bit;
  return reversed;
}

function reverseBitsOfBytes(value: number): number {
  let result = 0;
  for (let shift = 0; shift < 32; shift += 8) result |= reverseBits((value >>> shift) & 0xff) << shift;
  return result >>> 0;
}

/**
 * The greatest power of two at or below a difficulty (rounded up to a whole one first, and at least 1).
 * @throws RangeError when it is not a number above 0, or 2^32 and more
 */
export function ticketDifficulty(difficulty: number): number {
  if (!Number.isFinite(difficulty) || difficulty <= 0) throw new RangeError(`a difficulty is above 0, not ${difficulty}`);
  const power = 2 ** Math.floor(Math.log2(Math.ceil(difficulty)));
  if (power > 0x80000000) throw new RangeError(`a ticket mask has 32 bits: difficulty ${difficulty} is too high`);
  return power;
}

/** Value of register 14 that reports hashes of `ticketDifficulty(difficulty)` and above. @throws RangeError as there */
export function ticketMaskValue(difficulty: number): number {
  return reverseBitsOfBytes(ticketDifficulty(difficulty) - 1);
}

/** Difficulty a value of register 14 stands for; null when the masked bits do not follow the first 32 without a gap. */
export function difficultyOfTicketMask(value: number): number | null {
  const next = reverseBitsOfBytes(value) + 1;
  return Number.isInteger(Math.log2(next)) ? next : null;
}
