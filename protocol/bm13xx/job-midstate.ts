/**
 * Midstate jobs (BM1397; BM1387 without the preamble): the chip gets the SHA-256 state after the first 64 header bytes
 * for up to four versions and the 12 bytes that follow. Layout in reference 5.2:
 *
 *     offset 4 job id | 5 midstates | 6 starting nonce | 10 nbits | 14 ntime | 18 last 4 bytes of the merkle root | 22 midstates
 *
 * Numbers least significant byte first; a midstate is sent with its words in reverse order, each most significant byte first.
 */
import { readU32BE, readU32LE, writeU32BE, writeU32LE } from '../common/bytes.ts';
import { HEADER_OFFSET, type HeaderFields, serializeHeader } from '../bitcoin/header.ts';
import { midstate } from '../bitcoin/sha256-reference.ts';
import { checkByte, checkLength, checkU32 } from './bytes-check.ts';
import { JOB_DATA_OFFSET, jobFrameProblem, reverseWordOrder, wrapJob } from './job-frame.ts';

const FIXED_BYTES = 18;
const STATE_BYTES = 32;
/** Slots of a frame; four is what the silicon takes. */
export const MAX_MIDSTATES = 4;

export interface MidstateJob {
  readonly jobId: number;
  /** Count sent to the chip; slots above it are ignored. */
  readonly midstateCount: number;
  readonly startNonce: number;
  readonly nbits: number;
  /** Seconds since the Unix epoch. */
  readonly ntime: number;
  /** Bytes 64..67 of the header: the end of the merkle root. */
  readonly merkleTail: Uint8Array;
  /** One state a slot: the eight words of SHA-256 as 32 bytes, each word most significant byte first. */
  readonly midstates: readonly Uint8Array[];
}

/** Bytes on the wire of a job with that many slots. */
export function midstateFrameBytes(slots: number): number {
  return JOB_DATA_OFFSET + FIXED_BYTES + STATE_BYTES * slots + 2;
}

/** The frame of a job; its length byte is 36 for one slot, 96 for four. @throws RangeError when a field does not fit */
export function encodeMidstateJob(job: MidstateJob): Uint8Array {
  const slots = job.midstates.length;
  if (slots < 1 || slots > MAX_MIDSTATES) throw new RangeError(`a job has 1 to ${MAX_MIDSTATES} midstates, not ${slots}`);
  checkByte(job.jobId, 'a job id');
  checkByte(job.midstateCount, 'midstateCount');
  checkU32(job.startNonce, 'startNonce');
  checkU32(job.nbits, 'nbits');
  checkU32(job.ntime, 'ntime');
  checkLength(job.merkleTail, 4, 'merkleTail');
  const data = new Uint8Array(FIXED_BYTES + STATE_BYTES * slots);
  data[0] = job.jobId;
  data[1] = job.midstateCount;
  writeU32LE(data, job.startNonce, 2);
  writeU32LE(data, job.nbits, 6);
  writeU32LE(data, job.ntime, 10);
  data.set(job.merkleTail, 14);
  job.midstates.forEach((state, slot) => {
    checkLength(state, STATE_BYTES, 'a midstate');
    data.set(reverseWordOrder(state), FIXED_BYTES + STATE_BYTES * slot);
  });
  return wrapJob(data.length + 4, data);
}

export type MidstateJobResult = { readonly ok: true; readonly job: MidstateJob; readonly lengthByte: number } | { readonly ok: false; readonly problem: string };

/** What a midstate job frame says. Never throws. The number of slots follows from the size of the frame. */
export function decodeMidstateJob(frame: Uint8Array): MidstateJobResult {
  const slots = (frame.length - midstateFrameBytes(0)) / STATE_BYTES;
  if (!Number.isInteger(slots) || slots < 1 || slots > MAX_MIDSTATES) return { ok: false, problem: `a midstate job does not have ${frame.length} bytes` };
  const problem = jobFrameProblem(frame);
  if (problem !== null) return { ok: false, problem };
  const data = frame.subarray(JOB_DATA_OFFSET);
  return {
    ok: true,
    lengthByte: frame[3]!,
    job: {
      jobId: data[0]!,
      midstateCount: data[1]!,
      startNonce: readU32LE(data, 2),
      nbits: readU32LE(data, 6),
      ntime: readU32LE(data, 10),
      merkleTail: data.slice(14, 18),
      midstates: Array.from({ length: slots }, (_, slot) => reverseWordOrder(data.subarray(FIXED_BYTES + STATE_BYTES * slot, FIXED_BYTES + STATE_BYTES * (slot + 1)))),
    },
  };
}

/** A SHA-256 state as 32 bytes, each word most significant byte first. */
export function stateToBytes(state: Readonly<Uint32Array>): Uint8Array {
  const bytes = new Uint8Array(STATE_BYTES);
  state.forEach((word, i) => writeU32BE(bytes, word, 4 * i));
  return bytes;
}

/** The SHA-256 state of 32 bytes. @throws RangeError when there are fewer */
export function stateFromBytes(bytes: Uint8Array): Uint32Array {
  return Uint32Array.from({ length: 8 }, (_, i) => readU32BE(bytes, 4 * i));
}

/**
 * The job that searches a header under up to four versions.
 * @param fields the header; its version and nonce are not used
 * @param versions one a slot, in the order of the slots: a nonce comes back with the slot it was found in
 * @throws RangeError when a field does not fit
 */
export function midstateJobOf(jobId: number, fields: HeaderFields, versions: readonly number[]): MidstateJob {
  const headers = versions.map((version) => serializeHeader({ ...fields, version }));
  return {
    jobId,
    midstateCount: versions.length,
    startNonce: 0,
    nbits: fields.nbits,
    ntime: fields.ntime,
    merkleTail: fields.merkleRoot.slice(HEADER_OFFSET.ntime - HEADER_OFFSET.merkleRoot - 4),
    midstates: headers.map((header) => stateToBytes(midstate(header))),
  };
}
