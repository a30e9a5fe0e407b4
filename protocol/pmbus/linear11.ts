/**
 * LINEAR11, PMBus part II section 7.1: 5-bit signed exponent in the top bits, 11-bit signed mantissa below; value =
 * mantissa * 2^exponent. The word travels low byte first.
 */

/** Value of a LINEAR11 word. @throws RangeError when it is not an unsigned 16-bit integer */
export function decodeLinear11(word: number): number {
  checkWord(word);
  const exponent = word >> 11;
  const mantissa = word & 0x7ff;
  return (mantissa >= 0x400 ? mantissa - 0x800 : mantissa) * 2 ** (exponent >= 16 ? exponent - 32 : exponent);
}

/**
 * The LINEAR11 word with the most significant bits the format has. What does not fit in 10 bits is cut off towards 0, as
 * the boards' own firmware does: limits read back equal whoever wrote them, and are at most 0.2 % below what was asked.
 * @throws RangeError when the value is not between -33,554,432 and 33,521,664
 */
export function encodeLinear11(value: number): number {
  const size = Math.abs(value);
  if (!(size < 1024 * 2 ** 15 && value >= -(2 ** 25))) {
    // The most negative mantissa has no positive twin.
    if (value === -(2 ** 25)) return (15 << 11) | 0x400;
    throw new RangeError(`${value} does not fit in LINEAR11`);
  }
  let exponent = -16;
  while (exponent < 15 && Math.trunc(size / 2 ** exponent) > 1023) exponent++;
  const mantissa = Math.trunc(value / 2 ** exponent);
  // Zero has no significant bits: written with exponent 0, as everybody does.
  return mantissa === 0 ? 0 : word(exponent, mantissa);
}

/**
 * The LINEAR11 word of a whole number with the smallest exponent from 0 up: the form in which chips expect counts such as
 * kHz, degrees or milliseconds. Low bits that do not fit are cut off. @throws RangeError when not an integer that fits
 */
export function encodeLinear11Integer(value: number): number {
  if (!Number.isInteger(value) || Math.abs(value) >= 1024 * 2 ** 15) throw new RangeError(`${value} is not an integer that fits in LINEAR11`);
  let exponent = 0;
  while (Math.trunc(Math.abs(value) / 2 ** exponent) > 1023) exponent++;
  const mantissa = Math.trunc(value / 2 ** exponent);
  return mantissa === 0 ? 0 : word(exponent, mantissa);
}

function word(exponent: number, mantissa: number): number {
  return ((exponent & 0x1f) << 11) | (mantissa & 0x7ff);
}

function checkWord(value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff) throw new RangeError(`a PMBus word is an integer of 0 .. 65535, not ${value}`);
}
