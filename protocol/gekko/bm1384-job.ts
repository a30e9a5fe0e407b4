/**
 * BM1384 tasks: the 64-byte packet of the Icarus family with three fields in its filler: [39] ticket mask, [40:44] hash
 * counting number most significant byte first, [51] job id. Hardware reference 9.
 */
import { checkByte, checkU32 } from '../bm13xx/bytes-check.ts';
import { readU32BE, writeU32BE } from '../common/bytes.ts';
import { decodeIcarusWork, encodeIcarusWork, ICARUS_WORK_BYTES } from '../icarus/work.ts';
import type { IcarusWork } from '../icarus/work.ts';

const TICKET_OFFSET = 39;
const COUNT_OFFSET = 40;
const JOB_ID_OFFSET = 51;
/** Job ids have 5 bits. */
export const BM1384_JOB_IDS = 32;

export interface Bm1384Task {
  readonly work: IcarusWork;
  /** 0 .. 31; comes back with the nonce. */
  readonly jobId: number;
  /** Nonces are told when the hash meets difficulty mask + 1; a power of two minus 1. */
  readonly ticketMask: number;
  /** How far each chip searches. */
  readonly hashCount: number;
}

/** The 64 bytes of a task. @throws RangeError when a field does not fit */
export function encodeBm1384Task(task: Bm1384Task): Uint8Array {
  if (!Number.isInteger(task.jobId) || task.jobId < 0 || task.jobId >= BM1384_JOB_IDS) throw new RangeError(`a BM1384 job id is 0 .. 31, not ${task.jobId}`);
  checkByte(task.ticketMask, 'a BM1384 ticket mask');
  checkU32(task.hashCount, 'a hash counting number');
  const bytes = encodeIcarusWork(task.work);
  bytes[TICKET_OFFSET] = task.ticketMask;
  writeU32BE(bytes, task.hashCount, COUNT_OFFSET);
  bytes[JOB_ID_OFFSET] = task.jobId;
  return bytes;
}

/** The task in 64 bytes; null when it is not 64 bytes. */
export function decodeBm1384Task(bytes: Uint8Array): Bm1384Task | null {
  const work = decodeIcarusWork(bytes);
  if (work === null) return null;
  return { work, jobId: bytes[JOB_ID_OFFSET]!, ticketMask: bytes[TICKET_OFFSET]!, hashCount: readU32BE(bytes, COUNT_OFFSET) };
}

/** A task without work: sent once per core, and one more, it makes the cores start one after the other. */
export function bm1384RampTask(jobId: number): Uint8Array {
  const bytes = new Uint8Array(ICARUS_WORK_BYTES);
  bytes[JOB_ID_OFFSET] = jobId % BM1384_JOB_IDS;
  return bytes;
}

/** The hash counting number that shares the nonces between chips. @throws RangeError when there is no chip */
export function bm1384HashCount(chips: number): number {
  if (!Number.isInteger(chips) || chips < 1) throw new RangeError(`a chain has 1 chip or more, not ${chips}`);
  return Math.floor(0xffff_ffff / chips);
}

/**
 * The ticket mask for a hash rate: the least power of two, minus 1, that keeps answers to two a second or fewer.
 * @param hashrateHs hashes per second of the whole chain
 */
export function bm1384TicketMask(hashrateHs: number): number {
  const difficulty = Math.ceil(Math.log2(Math.max(1, hashrateHs / (2 * 2 ** 32))));
  return Math.min(0xff, 2 ** difficulty - 1);
}
