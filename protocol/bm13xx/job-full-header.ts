/**
 * Full-header jobs (BM1362 and later): 82 bytes of data in a frame of 88. The chip makes the midstates and rolls the
 * version itself. Layout in reference 5.1:
 *
 *     offset 4 job id | 5 midstates (1) | 6 starting nonce | 10 nbits | 14 ntime | 18 merkle root | 50 previous hash | 82 version
 *
 * Numbers least significant byte first; hashes with their words in reverse order and the bytes of a word untouched.
 */
import { readU32LE, writeU32LE } from '../common/bytes.ts';
import { checkByte, checkLength, checkU32 } from './bytes-check.ts';
import { JOB_DATA_OFFSET, jobFrameProblem, reverseWordOrder, wrapJob } from './job-frame.ts';

export const FULL_HEADER_FRAME_BYTES = 88;
const DATA_BYTES = 82;

/** Length bytes seen; 36 comes from factory firmware, 56 is the data plus four. */
export const FULL_HEADER_LENGTH = { factory: 0x36, data: 0x56 } as const;

export interface FullHeaderJob {
  /** One byte; bits 7..3 come back with nonces. */
  readonly jobId: number;
  readonly startNonce: number;
  readonly nbits: number;
  /** Seconds since the Unix epoch. */
  readonly ntime: number;
  /** 32 bytes in header (digest) order. */
  readonly merkleRoot: Uint8Array;
  /** 32 bytes in header (digest) order. */
  readonly prevHash: Uint8Array;
  /** The version before rolling: the bits the chip rolls are 0. */
  readonly version: number;
}

/**
 * The 88-byte frame of a job.
 * @param lengthByte what stands in the length byte, see `FULL_HEADER_LENGTH`
 * @throws RangeError when a field does not fit
 */
export function encodeFullHeaderJob(job: FullHeaderJob, lengthByte: number = FULL_HEADER_LENGTH.data): Uint8Array {
  checkByte(job.jobId, 'a job id');
  checkByte(lengthByte, 'a length byte');
  checkU32(job.startNonce, 'startNonce');
  checkU32(job.nbits, 'nbits');
  checkU32(job.ntime, 'ntime');
  checkU32(job.version, 'version');
  checkLength(job.merkleRoot, 32, 'merkleRoot');
  checkLength(job.prevHash, 32, 'prevHash');
  const data = new Uint8Array(DATA_BYTES);
  data[0] = job.jobId;
  data[1] = 1;
  writeU32LE(data, job.startNonce, 2);
  writeU32LE(data, job.nbits, 6);
  writeU32LE(data, job.ntime, 10);
  data.set(reverseWordOrder(job.merkleRoot), 14);
  data.set(reverseWordOrder(job.prevHash), 46);
  writeU32LE(data, job.version, 78);
  return wrapJob(lengthByte, data);
}

export type FullHeaderJobResult = { readonly ok: true; readonly job: FullHeaderJob; readonly midstates: number; readonly lengthByte: number } | { readonly ok: false; readonly problem: string };

/** What a full-header job frame says. Never throws. The count of midstates is told, not checked: one driver sends 0. */
export function decodeFullHeaderJob(frame: Uint8Array): FullHeaderJobResult {
  if (frame.length !== FULL_HEADER_FRAME_BYTES) return { ok: false, problem: `a full-header job has 88 bytes, not ${frame.length}` };
  const problem = jobFrameProblem(frame);
  if (problem !== null) return { ok: false, problem };
  const data = frame.subarray(JOB_DATA_OFFSET);
  return {
    ok: true,
    midstates: data[1]!,
    lengthByte: frame[3]!,
    job: {
      jobId: data[0]!,
      startNonce: readU32LE(data, 2),
      nbits: readU32LE(data, 6),
      ntime: readU32LE(data, 10),
      merkleRoot: reverseWordOrder(data.subarray(14, 46)),
      prevHash: reverseWordOrder(data.subarray(46, 78)),
      version: readU32LE(data, 78),
    },
  };
}
