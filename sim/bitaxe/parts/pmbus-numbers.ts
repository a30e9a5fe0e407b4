/** Numbers of PMBus: linear11 (5 bits exponent, 11 bits mantissa, both signed) and ulinear16 (exponent elsewhere). */

const signed = (value: number, bits: number): number => (value >= 2 ** (bits - 1) ? value - 2 ** bits : value);

export function fromLinear11(raw: number): number {
  return signed(raw & 0x7ff, 11) * 2 ** signed((raw >> 11) & 0x1f, 5);
}

/** As fine as it gets, as the regulator's telemetry is. */
export function toLinear11(value: number): number {
  let exponent = -16;
  while (exponent < 15 && Math.abs(Math.round(value / 2 ** exponent)) > 1023) exponent++;
  return ((exponent & 0x1f) << 11) | (Math.round(value / 2 ** exponent) & 0x7ff);
}

/** Volts of one step, by VOUT_MODE. */
export function voutStep(mode: number): number {
  return 2 ** signed(mode & 0x1f, 5);
}
