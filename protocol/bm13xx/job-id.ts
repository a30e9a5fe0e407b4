/** Job ids: what a driver counts, and how byte 7 of a nonce reply gives it back. Reference 5.3. */
import type { Bm13xxChip } from './chips.ts';

/** The id for the job after the one with this id; the counter starts at 0, so the first job has `step`. */
export function nextJobId(chip: Bm13xxChip, jobId: number): number {
  return (jobId + chip.jobId.step) % chip.jobId.modulo;
}

/** Different ids there are before one comes again: how many old jobs can be kept apart. */
export function distinctJobIds(chip: Bm13xxChip): number {
  let count = 1;
  for (let id = nextJobId(chip, 0); id !== 0; id = nextJobId(chip, id)) count += 1;
  return count;
}

/** The id that was sent, of byte 7 of a reply. BM1368 and later send it back shifted left by one. */
export function jobIdOfReply(chip: Bm13xxChip, jobByte: number): number {
  return (jobByte & chip.jobId.replyMask) >> chip.jobId.replyShift;
}

/**
 * The part of a sent id that comes back. A driver may use other ids than `nextJobId` gives (factory firmware counts by
 * 24 modulo 256): jobs are found by this key.
 */
export function jobKey(chip: Bm13xxChip, jobId: number): number {
  return jobId & (chip.jobId.replyMask >> chip.jobId.replyShift);
}

/** The bits of byte 7 beside the id: midstate slot on BM1397, sub-core on the others. */
export function restOfJobByte(chip: Bm13xxChip, jobByte: number): number {
  return jobByte & chip.jobId.restMask;
}
