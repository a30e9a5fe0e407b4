/** How fast the Icarus devices search, and what follows from it. They search 2^32 nonces per work from 0 up, then stop. */
import type { IcarusReplyBytes } from './reply.ts';

export interface IcarusModel {
  readonly title: string;
  readonly replyBytes: IcarusReplyBytes;
  /** Nanoseconds per nonce; null = depends on its clock, to be measured. */
  readonly hashTimeNs: number | null;
  readonly baud: number;
}

export type IcarusModelName = 'block-erupter' | 'icarus' | 'lancelot' | 'antminer-u' | 'rockminer';

/** Hardware reference 8. */
export const ICARUS_MODELS: Record<IcarusModelName, IcarusModel> = {
  'block-erupter': { title: 'ASICMINER Block Erupter USB', replyBytes: 4, hashTimeNs: 2.9761, baud: 115_200 },
  icarus: { title: 'Icarus FPGA', replyBytes: 4, hashTimeNs: 2.6316, baud: 115_200 },
  lancelot: { title: 'Lancelot FPGA', replyBytes: 4, hashTimeNs: 2.5, baud: 115_200 },
  'antminer-u': { title: 'Antminer U1, U2, U3', replyBytes: 5, hashTimeNs: null, baud: 115_200 },
  rockminer: { title: 'Rockminer R-BOX, T1', replyBytes: 8, hashTimeNs: null, baud: 115_200 },
};

const NONCES = 2 ** 32;
/** New work is sent at least this often, in ms: ntime must move on, and a device that missed a packet must not idle. */
export const ICARUS_LONGEST_WORK_MS = 10_000;

/** Hashes per second of a hash time. @throws RangeError when it is not above 0 */
export function hashrateOfHashTime(hashTimeNs: number): number {
  if (!(hashTimeNs > 0)) throw new RangeError(`a hash time is above 0 ns, not ${hashTimeNs}`);
  return 1e9 / hashTimeNs;
}

/** Milliseconds to search all nonces of one work; also the mean time between answers. @throws RangeError when not above 0 */
export function fullRangeMs(hashTimeNs: number): number {
  return (NONCES / hashrateOfHashTime(hashTimeNs)) * 1000;
}

/**
 * When to send new work after the last, in ms: before the range is used up (a device at the end of its range idles in
 * silence), at the latest after `ICARUS_LONGEST_WORK_MS`. 2 % of the range is left unsearched for the way to the device.
 */
export function nextWorkAfterMs(hashTimeNs: number | null): number {
  return hashTimeNs === null ? ICARUS_LONGEST_WORK_MS : Math.min(ICARUS_LONGEST_WORK_MS, 0.98 * fullRangeMs(hashTimeNs));
}

/** Nonces searched `elapsedMs` after a work was sent, at most all of them. @throws RangeError when a number is negative */
export function noncesSearched(hashTimeNs: number, elapsedMs: number): number {
  if (!(elapsedMs >= 0)) throw new RangeError(`elapsed time is 0 ms or more, not ${elapsedMs}`);
  return Math.min(NONCES, Math.floor((elapsedMs / 1000) * hashrateOfHashTime(hashTimeNs)));
}
