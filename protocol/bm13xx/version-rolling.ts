/**
 * Version rolling inside the chip: register A4 takes the upper 16 bits of the mask that may be rolled (bits 28..13 of the
 * version), replies bring those bits back. BM1397 does not roll: the host gives it one midstate a version. Reference 2, 6.1.
 */
import { checkU32 } from './bytes-check.ts';

const ENABLED = 0x90000000;
const DISABLED = 0x80000000;
/** Bits of the version that fit the register and the reply. */
export const ROLLABLE_BITS = 0x1fffe000;

/**
 * Value of register A4.
 * @param mask bits of the block version the pool allows, e.g. 1fffe000; 0 switches rolling off
 * @throws RangeError when a bit lies outside 28..13
 */
export function versionRollingValue(mask: number): number {
  checkU32(mask, 'a version mask');
  if ((mask & ~ROLLABLE_BITS) !== 0) throw new RangeError(`the chip rolls bits 28 to 13, not those of ${mask.toString(16)}`);
  return (ENABLED | (mask >>> 13)) >>> 0;
}

/** Value of register A4 that switches rolling off but keeps the mask. @throws RangeError as above */
export function versionRollingOffValue(mask: number): number {
  return ((versionRollingValue(mask) & 0xffff) | DISABLED) >>> 0;
}

/** What register A4 says. */
export function decodeVersionRolling(value: number): { readonly enabled: boolean; readonly mask: number } {
  return { enabled: (value & 0x10000000) !== 0, mask: (value & 0xffff) << 13 };
}

/** Version bits of bytes 8 and 9 of a nonce reply. They are ORed into the version that was sent. */
export function versionBitsOfReply(versionField: number): number {
  return (versionField & 0xffff) << 13;
}

/**
 * The version after this one when only bits of the mask count (after all of them comes the version with none).
 * Slot k of a BM1397 job uses the base version counted up k times.
 */
export function nextVersion(version: number, mask: number): number {
  return ((version & ~mask) | (((version | ~mask) + 1) & mask)) >>> 0;
}

/** `count` versions from `base` on, each the one after the other. */
export function versionSequence(base: number, mask: number, count: number): number[] {
  const versions: number[] = [];
  for (let version = base >>> 0; versions.length < count; version = nextVersion(version, mask)) versions.push(version);
  return versions;
}
