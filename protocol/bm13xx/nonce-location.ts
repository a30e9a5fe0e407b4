/**
 * Where in a chain a nonce was found: job, core, chip, and what the host needs to build the header again. Reference 5.3, 6.1.
 *
 * The four nonce bytes, read most significant first, count through the space: bits 31..25 are the core. On BM1362,
 * BM1366 and BM1368 bits 24..18 are the upper 7 bits of the chip address (proved on a capture of 110 chips). On BM1370
 * the chip only shows when every chip was given a start offset (register 0C). For BM1397 one source takes bits 31..24 for
 * its 168 cores; the 7 bits used here are then pairs of cores, which is right for counting in either reading.
 */
import type { Bm13xxChip } from './chips.ts';
import { jobIdOfReply, restOfJobByte } from './job-id.ts';
import type { NonceReply } from './reply.ts';
import { versionBitsOfReply } from './version-rolling.ts';

export interface NonceLocation {
  /** The id that was sent with the job. */
  readonly jobId: number;
  /** Which midstate of the job; null for full-header jobs. */
  readonly midstateSlot: number | null;
  /** Sub-core of byte 7; null on BM1397. */
  readonly subCore: number | null;
  /** Rolled bits, to be ORed into the version sent; null when the chip does not roll or the reply has 9 bytes. */
  readonly versionBits: number | null;
  readonly core: number;
  /** Even chip address the nonce space of the finder begins at or before; null when the nonce does not tell. */
  readonly addressField: number | null;
  /** Bits of difficulty above the ticket mask by the chip's own account: a hint, never proof. null: not known for this chip. */
  readonly excessBits: number | null;
}

/** What a nonce reply of this chip says about where it comes from. */
export function locateNonce(chip: Bm13xxChip, reply: NonceReply): NonceLocation {
  const rest = restOfJobByte(chip, reply.jobByte);
  const midstates = chip.jobFormat === 'midstate';
  return {
    jobId: jobIdOfReply(chip, reply.jobByte),
    midstateSlot: midstates ? rest : null,
    subCore: midstates ? null : rest,
    versionBits: midstates || reply.versionField === null ? null : versionBitsOfReply(reply.versionField),
    core: reply.position >>> 25,
    addressField: chip.chipInNonce ? ((reply.position >>> 18) & 0x7f) * 2 : null,
    excessBits: chip.excessPerBit === null ? null : reply.excess / chip.excessPerBit,
  };
}

/**
 * Small core of BM1366 (bits 24..22) and BM1397 (bits 23..22) as one source reads it. On BM1366 these bits are the chip
 * address in a chain, so this holds for a single chip at best; the sub-core of byte 7 is proved.
 */
export function smallCoreByNonce(chip: Bm13xxChip, position: number): number {
  return (position >>> 22) & (chip.jobFormat === 'midstate' ? 3 : 7);
}

/**
 * Index of the chip with the greatest address at or below the field, or null for an empty chain. Not the equal one: with
 * a long hash counting number a chip runs through the fields above its own address.
 * @param addresses in ascending order
 */
export function chipIndexOfAddress(addresses: readonly number[], addressField: number): number | null {
  let index: number | null = null;
  for (let i = 0; i < addresses.length; i++) if (addresses[i]! >> 1 <= addressField >> 1) index = i;
  return index;
}

/** Start offsets (register 0C, low 16 bits) that share the nonce space of a core among chips (BM1370 factory boards). */
export function nonceOffsets(chips: number): number[] {
  if (!Number.isInteger(chips) || chips < 1 || chips > 256) throw new RangeError(`a chain has 1 to 256 chips, not ${chips}`);
  return Array.from({ length: chips }, (_, i) => Math.ceil((i * 0x10000) / chips));
}

/** Value of register 0C: bit 31 enables, the chip starts at `offset << 9`. @throws RangeError above 16 bits */
export function nonceOffsetValue(offset: number): number {
  if (!Number.isInteger(offset) || offset < 0 || offset > 0xffff) throw new RangeError(`a nonce offset has 16 bits, not ${offset}`);
  return (0x80000000 | offset) >>> 0;
}

/** Index of the chip whose part of the nonce space this is, or null when no offset lies below. @param offsets ascending */
export function chipIndexOfOffset(offsets: readonly number[], position: number): number | null {
  const place = position & 0x1ffffff;
  let index: number | null = null;
  for (let i = 0; i < offsets.length; i++) if (offsets[i]! << 9 <= place) index = i;
  return index;
}
