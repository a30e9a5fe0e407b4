/**
 * Version rolling (BIP310). The BIP says that submitted bits replace those of the job inside the mask; some pools OR
 * them in, some XOR. All three agree while a miner only changes bits that are zero in the job, so only those are rolled.
 */

/** BIP320: the 16 bits that are free for general use. */
export const BIP320_MASK = 0x1fffe000;

/** Version that is hashed: the job's outside the mask, `bits` inside it. */
export function rollVersion(jobVersion: number, mask: number, bits: number): number {
  return ((jobVersion & ~mask) | (bits & mask)) >>> 0;
}

/** Bits to submit for a header version: the bits of the header inside the mask, the job's own included. */
export function versionBitsToSubmit(jobVersion: number, mask: number, headerVersion: number): number {
  if (((jobVersion ^ headerVersion) & ~mask) !== 0) throw new RangeError('the header version differs from the job outside the mask');
  return (headerVersion & mask) >>> 0;
}

/** The part of the mask that may be rolled for this job: never a bit the job has already set. */
export function rollableMask(jobVersion: number, mask: number): number {
  return (mask & ~jobVersion) >>> 0;
}

/** True when no bit lies outside the mask. A pool must refuse others. */
export function bitsInsideMask(bits: number, mask: number): boolean {
  return (bits & ~mask) === 0;
}
