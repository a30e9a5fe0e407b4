/** BM1387 PLL register 0C: 00 | fb | ref | post1 << 4 + post2; f = 25 MHz * fb / (ref * post1 * post2). Hardware reference 3. */

const CRYSTAL_MHZ = 25;
const STEP_MHZ = 6.25;
const REFERENCE = 2;
/** Below this two octaves of post divider, from it on one. */
const SWITCH_MHZ = 400;
/** The sticks' range; the silicon is known to run up to 600 MHz. */
export const BM1387_MHZ = { min: 50, max: 600 } as const;

/** The frequency that can be had nearest above: multiples of 6.25 MHz. @throws RangeError outside 50 .. 600 MHz */
export function bm1387NearestMhz(mhz: number): number {
  if (!(mhz >= BM1387_MHZ.min && mhz <= BM1387_MHZ.max)) throw new RangeError(`a BM1387 runs at ${BM1387_MHZ.min} .. ${BM1387_MHZ.max} MHz, not ${mhz}`);
  return Math.ceil(mhz / STEP_MHZ) * STEP_MHZ;
}

/** Register value of a frequency, which is first raised to one that can be had. @throws RangeError outside 50 .. 600 MHz */
export function bm1387PllValue(mhz: number): number {
  const exact = bm1387NearestMhz(mhz);
  const post = exact < SWITCH_MHZ ? 4 : 2;
  const feedback = (exact * REFERENCE * post) / CRYSTAL_MHZ;
  return (feedback << 16) | (REFERENCE << 8) | (post << 4) | 1;
}

/** Frequency of a register value; its top byte (bit 31: locked) is not looked at. null when a divider is 0. */
export function bm1387Mhz(value: number): number | null {
  const feedback = (value >>> 16) & 0xff;
  const divider = ((value >>> 8) & 0xff) * ((value >>> 4) & 0x0f) * (value & 0x0f);
  return divider === 0 || feedback === 0 ? null : (CRYSTAL_MHZ * feedback) / divider;
}
