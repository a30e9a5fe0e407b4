/** What differs between the sticks whose chips have a framing of their own (BM1384, BM1387), for the one board that drives them. */
import { encodeBm1384Command } from '../../protocol/gekko/bm1384-command.ts';
import { BM1384_JOB_IDS, bm1384HashCount, encodeBm1384Task } from '../../protocol/gekko/bm1384-job.ts';
import { bm1384MhzOfRegister, bm1384NearestMhz } from '../../protocol/gekko/bm1384-pll.ts';
import { bm1387MiscControl, BM1387_REGISTER, encodeBm1387Command } from '../../protocol/gekko/bm1387-command.ts';
import { BM1387_JOB_IDS, encodeBm1387Job, splitBm1387Id } from '../../protocol/gekko/bm1387-job.ts';
import { bm1387Mhz, bm1387NearestMhz } from '../../protocol/gekko/bm1387-pll.ts';
import { bm1384SetFrequency, bm1387SetFrequency, gekkoAddress, type GekkoStep } from '../../protocol/gekko/init.ts';
import type { GekkoChip, GekkoNonceReply, GekkoRegisterReply } from '../../protocol/gekko/reply.ts';
import { icarusWorkOfHeader } from '../../protocol/icarus/work.ts';
import { midstateJobOf } from '../../protocol/bm13xx/job-midstate.ts';
import { parseHeader } from '../../protocol/bitcoin/header.ts';
import type { Pace } from '../stick/paced-sender.ts';

export const SLOW_BAUD = 115_200;
/** Well below every frequency they work at, and still a clock that the PLL of both chips can make. */
export const REST_MHZ = 50;

export interface JobToEncode {
  /** Place in the table, counted from 0. */
  readonly place: number;
  readonly header: Uint8Array;
  /** One a midstate. */
  readonly versions: readonly number[];
  readonly ticketDifficulty: number;
  readonly chips: number;
}

export interface Dialect {
  readonly chip: GekkoChip;
  /** Jobs whose nonces can be told apart. */
  readonly jobPlaces: number;
  /** Headers a job may carry under different versions. */
  readonly versionsPerJob: 1 | 4;
  /** Highest ticket difficulty; 1 = it cannot be set. */
  readonly maxTicket: number;
  readonly pace: Pace;
  encodeJob(job: JobToEncode): Uint8Array;
  /** Where the job of a nonce stands, and which of its versions it has. */
  placeOf(reply: GekkoNonceReply): { readonly place: number; readonly slot: number };
  /** All chips answer with their frequency. */
  readonly askFrequency: Uint8Array;
  /** The frequency in an answer to that; mhz null = it cannot be read. Null when the reply is of something else. */
  frequencyOf(reply: GekkoRegisterReply): { readonly mhz: number | null } | null;
  nearestMhz(mhz: number): number;
  /** Steps to another frequency; the chips' addresses hold afterwards. */
  frequencySteps(mhz: number, chips: number): readonly GekkoStep[];
  /** To the slowest clock, whatever state the chips are in. */
  readonly rest: Uint8Array;
  /** Back to `SLOW_BAUD`; null when they never left it. */
  readonly slowDown: Uint8Array | null;
}

/** First byte of a frequency: the PLL is locked. */
const RUNS = 0x80;

const BM1384: Dialect = {
  chip: 'BM1384',
  jobPlaces: BM1384_JOB_IDS,
  versionsPerJob: 1,
  maxTicket: 256,
  pace: { byteMs: 10_000 / SLOW_BAUD, gapMs: 1 },
  encodeJob: ({ place, header, ticketDifficulty, chips }) =>
    encodeBm1384Task({ work: icarusWorkOfHeader(header), jobId: place, ticketMask: ticketDifficulty - 1, hashCount: bm1384HashCount(chips) }),
  placeOf: (reply) => ({ place: reply.idByte, slot: 0 }),
  askFrequency: encodeBm1384Command({ kind: 'read', address: null, register: 0x04 }),
  frequencyOf: ({ value }) => (value >>> 24 === RUNS ? { mhz: bm1384MhzOfRegister(value) } : null),
  nearestMhz: bm1384NearestMhz,
  // A change of frequency may cost BM1384 their addresses, so they are given again.
  frequencySteps: (mhz, chips) => [
    ...bm1384SetFrequency(mhz),
    { kind: 'send', frame: encodeBm1384Command({ kind: 'chain-inactive' }), waitMsAfter: 1, meaning: 'chain inactive' },
    ...Array.from({ length: chips }, (_, i): GekkoStep => ({ kind: 'send', frame: encodeBm1384Command({ kind: 'set-address', address: gekkoAddress(i, chips) }), waitMsAfter: 1, meaning: 'set address' })),
  ],
  rest: frameOf(bm1384SetFrequency(REST_MHZ)[0]),
  slowDown: null,
};

const SLOW_DIVIDER = 26;

const BM1387: Dialect = {
  chip: 'BM1387',
  jobPlaces: BM1387_JOB_IDS / 4,
  versionsPerJob: 4,
  maxTicket: 1,
  pace: { byteMs: 0, gapMs: 0 },
  encodeJob: ({ place, header, versions }) => encodeBm1387Job(midstateJobOf(4 * place, parseHeader(header), versions)),
  placeOf(reply) {
    const { jobId, slot } = splitBm1387Id(reply.idByte);
    return { place: jobId / 4, slot };
  },
  askFrequency: encodeBm1387Command({ kind: 'read', address: null, register: BM1387_REGISTER.pll }),
  // The makers' driver believes only frequencies that come without address and register.
  frequencyOf: ({ register, value }) => (register === BM1387_REGISTER.pll || value >>> 24 === RUNS ? { mhz: bm1387Mhz(value) } : null),
  nearestMhz: bm1387NearestMhz,
  frequencySteps: bm1387SetFrequency,
  rest: frameOf(bm1387SetFrequency(REST_MHZ)[0]),
  slowDown: encodeBm1387Command({ kind: 'write', address: null, register: BM1387_REGISTER.miscControl, value: bm1387MiscControl(SLOW_DIVIDER) }),
};

function frameOf(step: GekkoStep | undefined): Uint8Array {
  if (step?.kind !== 'send') throw new RangeError('a change of frequency begins with a frame');
  return step.frame;
}

export const DIALECTS: Readonly<Record<GekkoChip, Dialect>> = { BM1384, BM1387 };
