/**
 * From a job and a nonce to the block header it proves. A chip's claim counts for nothing: the host hashes everything
 * again (SHA-256d). Reference 6.1, 6.2.
 */
import { readU32LE, writeU32BE, writeU32LE } from '../common/bytes.ts';
import { sha256, sha256d } from '../bitcoin/hash.ts';
import { serializeHeader } from '../bitcoin/header.ts';
import { compress } from '../bitcoin/sha256-reference.ts';
import type { FullHeaderJob } from './job-full-header.ts';
import { type MidstateJob, stateFromBytes, stateToBytes } from './job-midstate.ts';

/** The 80 bytes of a full-header job with the version bits the chip rolled (ORed in) and the nonce it found. */
export function headerOfShare(job: FullHeaderJob, versionBits: number, nonce: number): Uint8Array {
  return serializeHeader({
    version: (job.version | versionBits) >>> 0,
    prevHash: job.prevHash,
    merkleRoot: job.merkleRoot,
    ntime: job.ntime,
    nbits: job.nbits,
    nonce,
  });
}

/** SHA-256d of the header, in digest order. */
export function hashOfShare(job: FullHeaderJob, versionBits: number, nonce: number): Uint8Array {
  return sha256d(headerOfShare(job, versionBits, nonce));
}

/** SHA-256d of the header behind a midstate job, in digest order; null when the job has no such slot. */
export function hashOfMidstateShare(job: MidstateJob, slot: number, nonce: number): Uint8Array | null {
  const state = job.midstates[slot];
  if (state === undefined) return null;
  // The second block of the header: its last 16 bytes, then the padding for 80 bytes.
  const block = new Uint8Array(64);
  block.set(job.merkleTail);
  writeU32LE(block, job.ntime, 4);
  writeU32LE(block, job.nbits, 8);
  writeU32LE(block, nonce, 12);
  block[16] = 0x80;
  writeU32BE(block, 640, 60);
  return sha256(stateToBytes(compress(stateFromBytes(state), block)));
}

/** Leading zero bits of the display form that a nonce of any chip of the family has at the very least. */
export const CHIP_ZERO_BITS = 32;

/** True when that many leading bits of the display form are zero. @param zeroBits fewer only for simulated chips, at most 32 */
export function provesWork(hash: Uint8Array, zeroBits = CHIP_ZERO_BITS): boolean {
  return Math.clz32(readU32LE(hash, 28)) >= zeroBits;
}
