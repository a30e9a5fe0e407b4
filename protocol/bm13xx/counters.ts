/** What chips say about their own work and temperature. Claims, shown beside the rate of verified nonces. Reference 2. */

/** Hashes per unit of registers 88..8C. */
const COUNTER_UNIT = 2 ** 32;

/**
 * Hashes per second between two readings of a hash counter (88..8B of a domain, 8C of the chip; BM1366 and later). The
 * counter has 32 bits and wraps. null when no time has passed.
 */
export function hashRateOfCounters(before: number, after: number, seconds: number): number | null {
  if (!(seconds > 0)) return null;
  return (((after - before) >>> 0) / seconds) * COUNTER_UNIT;
}

/**
 * Hashes per second by register 04 of BM1397; null while the chip has no value (bit 31, or 7FFFFF). The unit of 2^20 is a
 * driver's; a description of the chip says 2^24, so do not steer by this.
 */
export function hashRateOfRegister(value: number): number | null {
  const count = value & 0x7fffffff;
  return value >>> 31 === 1 || count === 0x7fffff ? null : count * 2 ** 20;
}

/** Register the temperature of BM1368 is read from, and the values of register B0 that start a conversion, in order. */
export const TEMPERATURE_READ_REGISTER = 0xb4;
export const TEMPERATURE_CONTROL_REGISTER = 0xb0;
export const TEMPERATURE_START_VALUES: readonly number[] = [0x80000000, 0x00020000, 0x01020000, 0x10020000];

/**
 * Temperature of a BM1368 in degrees Celsius by register B4; null until the conversion is done (bit 31). The code is taken
 * from the low 16 bits: no source says how wide it is.
 */
export function temperatureOfRegister(value: number): number | null {
  return value >>> 31 === 1 ? (value & 0xffff) * 0.171342 - 299.5144 : null;
}
