/** Jobs as they went out: from Work to frame, and from the answer back to the Work. */
import { parseHeader } from '../../protocol/bitcoin/header.ts';
import type { Bm13xxChip } from '../../protocol/bm13xx/chips.ts';
import { encodeFullHeaderJob, FULL_HEADER_FRAME_BYTES } from '../../protocol/bm13xx/job-full-header.ts';
import { jobKey, nextJobId } from '../../protocol/bm13xx/job-id.ts';
import { encodeMidstateJob, MAX_MIDSTATES, midstateFrameBytes, midstateJobOf } from '../../protocol/bm13xx/job-midstate.ts';
import { ROLLABLE_BITS, versionSequence } from '../../protocol/bm13xx/version-rolling.ts';
import type { Work } from '../contract.ts';

export interface SentJob {
  readonly workId: number;
  /** The version sent: the bits that may be rolled are 0. */
  readonly version: number;
  /** Bits the chip may set. */
  readonly mask: number;
  /** Versions by midstate slot; null for full-header jobs. */
  readonly slots: readonly number[] | null;
}

/** Bits of a version a chip can roll for this work. */
export function maskFor(work: Work): number {
  return (work.versionMask & ROLLABLE_BITS) >>> 0;
}

/** Midstates worth sending for a mask. Chips are known to take one or four. */
export function slotsFor(mask: number): number {
  return bitsOf(mask) >= Math.log2(MAX_MIDSTATES) ? MAX_MIDSTATES : 1;
}

export function bitsOf(mask: number): number {
  let bits = 0;
  for (let rest = mask >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) bits += 1;
  return bits;
}

/** Bytes of a job of this chip on the wire. */
export function jobBytes(chip: Bm13xxChip, mask: number): number {
  return chip.jobFormat === 'midstate' ? midstateFrameBytes(slotsFor(mask)) : FULL_HEADER_FRAME_BYTES;
}

export class JobTable {
  readonly #chip: Bm13xxChip;
  /** By the part of the wire id that comes back: every id there is, so a job is known until its id goes out again. */
  readonly #sent = new Map<number, SentJob>();
  #jobId = 0;

  constructor(chip: Bm13xxChip) {
    this.#chip = chip;
  }

  /** The frame of a job that goes out now, under the next id. */
  encode(work: Work): Uint8Array {
    const jobId = nextJobId(this.#chip, this.#jobId);
    this.#jobId = jobId;
    const fields = parseHeader(work.header);
    const mask = maskFor(work);
    const version = (fields.version & ~mask) >>> 0;
    const slots = this.#chip.jobFormat === 'midstate' ? versionSequence(version, mask, slotsFor(mask)) : null;
    this.#sent.set(jobKey(this.#chip, jobId), { workId: work.id, version, mask, slots });
    return slots === null ? encodeFullHeaderJob({ ...fields, version, jobId, startNonce: 0 }) : encodeMidstateJob(midstateJobOf(jobId, fields, slots));
  }

  /** The newest job that went out under this id. */
  find(jobId: number): SentJob | null {
    return this.#sent.get(jobKey(this.#chip, jobId)) ?? null;
  }
}
