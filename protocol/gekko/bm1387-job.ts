/**
 * BM1387 jobs: the midstate job of BM1397 without its preamble, 54 bytes with one midstate, 150 with four. A nonce comes
 * back with job id + slot, so ids are multiples of four. Hardware reference 5.2 and 9.
 */
import { COMMAND_PREAMBLE } from '../bm13xx/command.ts';
import { crc16 } from '../bm13xx/crc16.ts';
import { decodeMidstateJob, encodeMidstateJob } from '../bm13xx/job-midstate.ts';
import type { MidstateJob, MidstateJobResult } from '../bm13xx/job-midstate.ts';
import { concatBytes } from '../common/bytes.ts';

/** Job ids are below this. */
export const BM1387_JOB_IDS = 128;
const SLOTS = 4;
const PREAMBLE_BYTES = COMMAND_PREAMBLE.length;

/** The bytes of a job. @throws RangeError when a field does not fit, or the job id is not a multiple of 4 below 128 */
export function encodeBm1387Job(job: MidstateJob): Uint8Array {
  if (job.jobId % SLOTS !== 0 || job.jobId < 0 || job.jobId >= BM1387_JOB_IDS) throw new RangeError(`a BM1387 job id is a multiple of 4 below 128, not ${job.jobId}`);
  return encodeMidstateJob(job).slice(PREAMBLE_BYTES);
}

/** What a job says. Never throws. */
export function decodeBm1387Job(bytes: Uint8Array): MidstateJobResult {
  return decodeMidstateJob(concatBytes(Uint8Array.from(COMMAND_PREAMBLE), bytes));
}

/** Job id and midstate slot in the id byte of a nonce. */
export function splitBm1387Id(idByte: number): { readonly jobId: number; readonly slot: number } {
  return { jobId: idByte & 0x7c, slot: idByte & 3 };
}

/**
 * A job without work: 12 bytes ff for the header tail, midstates 0. Sent once per core, and one more, it opens the cores
 * one after the other; all at once would draw more current than the stick's supply gives.
 */
export function bm1387RampJob(jobId: number, midstates: 1 | 4): Uint8Array {
  const bytes = new Uint8Array(22 + 32 * midstates);
  bytes.set([0x21, bytes.length, jobId & 0x7f, midstates]);
  bytes.fill(0xff, 8, 20);
  const crc = crc16(bytes, 0, bytes.length - 2);
  bytes[bytes.length - 2] = crc >> 8;
  bytes[bytes.length - 1] = crc & 0xff;
  return bytes;
}
