/**
 * How a regulator writes output voltages, from its VOUT_MODE byte (PMBus part II section 8.3): bit 7 says that limits are
 * ratios of the commanded voltage, bits 6-5 the format, bits 4-0 the exponent or the VID table.
 */
export type VoutFormat =
  /** ULINEAR16: unsigned 16-bit mantissa times 2^exponent. */
  | { readonly kind: 'linear'; readonly exponent: number }
  /** Codes of a table (`vid.ts`). Which table a code means differs from maker to maker: the chip's descriptor must say. */
  | { readonly kind: 'vid'; readonly tableCode: number }
  /** Coefficients of the chip's own, not known here. */
  | { readonly kind: 'direct' }
  | { readonly kind: 'half-float' };

export interface VoutMode {
  readonly format: VoutFormat;
  /** Limits and margins are multiples of VOUT_COMMAND, not volts. */
  readonly relativeLimits: boolean;
}

/** Decodes VOUT_MODE. @throws RangeError when not a byte */
export function decodeVoutMode(value: number): VoutMode {
  if (!Number.isInteger(value) || value < 0 || value > 0xff) throw new RangeError(`VOUT_MODE is a byte, not ${value}`);
  return { relativeLimits: (value & 0x80) !== 0, format: formatOf((value >> 5) & 3, value & 0x1f) };
}

function formatOf(mode: number, parameter: number): VoutFormat {
  if (mode === 0) return { kind: 'linear', exponent: parameter >= 16 ? parameter - 32 : parameter };
  if (mode === 2) return { kind: 'direct' };
  return mode === 1 ? { kind: 'vid', tableCode: parameter } : { kind: 'half-float' };
}

/** VOUT_MODE byte of ULINEAR16. @throws RangeError when the exponent is not an integer of -16 .. 15 */
export function encodeLinearVoutMode(exponent: number, relativeLimits = false): number {
  if (!Number.isInteger(exponent) || exponent < -16 || exponent > 15) throw new RangeError(`a VOUT_MODE exponent is an integer of -16 .. 15, not ${exponent}`);
  return (relativeLimits ? 0x80 : 0) | (exponent & 0x1f);
}

/** Volts of a ULINEAR16 word. @throws RangeError when it is not an unsigned 16-bit integer */
export function decodeUlinear16(word: number, exponent: number): number {
  if (!Number.isInteger(word) || word < 0 || word > 0xffff) throw new RangeError(`a PMBus word is an integer of 0 .. 65535, not ${word}`);
  return word * 2 ** exponent;
}

/**
 * ULINEAR16 word of a voltage or ratio. Cut off, not rounded: the output is never above what was asked.
 * @throws RangeError when it does not fit
 */
export function encodeUlinear16(value: number, exponent: number): number {
  const word = Math.floor(value / 2 ** exponent);
  if (!(word >= 0 && word <= 0xffff)) throw new RangeError(`${value} does not fit in a ULINEAR16 word with exponent ${exponent}`);
  return word;
}
