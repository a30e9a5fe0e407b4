/**
 * BM1384 frequency word: f = 25 MHz * (F + 1) / R / 2^(P-1), with F in bits 15-7, R-1 in bits 6-2 and P in bits 1-0.
 * The form was read off the eight published words (100 MHz 0783 .. 400 MHz 0781, hardware reference 3) and off the
 * registers that chips report.
 */
import { readU32BE } from '../common/bytes.ts';

const CRYSTAL_MHZ = 25;
const STEP_MHZ = 6.25;
export const BM1384_MHZ = { min: 6.25, max: 500 } as const;

/**
 * The frequency that can be had nearest above: multiples of 6.25 MHz, from 400 MHz on of 12.5.
 * @throws RangeError outside 6.25 .. 500 MHz
 */
export function bm1384NearestMhz(mhz: number): number {
  if (!(mhz >= BM1384_MHZ.min && mhz <= BM1384_MHZ.max)) throw new RangeError(`a BM1384 runs at ${BM1384_MHZ.min} .. ${BM1384_MHZ.max} MHz, not ${mhz}`);
  const step = mhz > 400 ? 2 * STEP_MHZ : STEP_MHZ;
  return Math.ceil(mhz / step) * step;
}

/**
 * Word of a frequency, which is first raised to one that can be had. @throws RangeError outside 6.25 .. 500 MHz
 */
export function bm1384PllWord(mhz: number): number {
  const exact = bm1384NearestMhz(mhz);
  // One post divider an octave from 100 MHz up; below that the feedback alone goes down.
  const post = exact < 100 ? 3 : 5 - Math.floor(Math.log2(exact / CRYSTAL_MHZ));
  // Proven drivers halve the reference for what is no multiple of 25 MHz (from 100 MHz on), so it is done here too.
  const reference = exact < 100 || exact % CRYSTAL_MHZ === 0 ? 1 : 2;
  const feedback = Math.round((exact * reference * 2 ** (post - 1)) / CRYSTAL_MHZ);
  return ((feedback - 1) << 7) | ((reference - 1) << 2) | post;
}

function mhzOf(feedback: number, reference: number, post: number): number | null {
  return post === 0 ? null : (CRYSTAL_MHZ * (feedback + 1)) / ((reference & 0x0f) + 1) / 2 ** (post - 1);
}

/** Frequency of a word; null when it is not one the chip could run at. */
export function bm1384Mhz(word: number): number | null {
  return mhzOf((word >> 7) & 0x1ff, (word >> 2) & 0x1f, word & 3);
}

/**
 * Frequency in a frequency register: bytes 80 | F | R-1 | P; null when it is not one. Some drivers add 6.25 MHz for each
 * step of the upper half of the third byte; no source says what it means, so a value with it is not believed.
 */
export function bm1384MhzOfRegister(value: number): number | null {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  const [first, feedback, reference, post] = bytes as unknown as [number, number, number, number];
  if (readU32BE(bytes) === 0 || first !== 0x80 || reference > 0x0f || post > 3) return null;
  return mhzOf(feedback, reference, post);
}
