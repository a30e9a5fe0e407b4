/** What follows from chip, clock and ticket. */
import type { Bm13xxChip } from '../../protocol/bm13xx/chips.ts';
import { expectedHashRate, fullScanMs, jobIntervalMs, powerOfTwoAbove } from '../../protocol/bm13xx/nonce-space.ts';
import type { BoardFacts } from '../asic/board.ts';
import { bitsOf, slotsFor } from './job-table.ts';
import { ANSWER_WITHIN_MS } from './polls.ts';

/** Part of the space that is searched before new work: a job may be on its way a while. */
const USED = 0.75;

export interface FactsOf {
  readonly chip: Bm13xxChip;
  readonly chips: number;
  readonly chipsExpected: number | null;
  readonly mhz: number;
  readonly ticket: number;
  readonly zeroBits: number;
  /** Bits chips may roll at present. */
  readonly mask: number;
  /** Time a job is on the wire, ms. */
  readonly jobWireMs: number;
}

export function factsOf({ chip, chips, chipsExpected, mhz, ticket, zeroBits, mask, jobWireMs }: FactsOf): BoardFacts {
  const hashrateNominalHs = expectedHashRate(chip, mhz, chips);
  return {
    chips,
    chipsExpected,
    chip: chip.name,
    hashrateNominalHs,
    hashesPerNonce: 2 ** zeroBits * ticket,
    zeroBits,
    nonceIntervalMs: (ticket * 2 ** 32 * 1000) / hashrateNominalHs,
    jobIntervalMs: intervalMs(chip, mhz, chips, mask, jobWireMs),
    answerWithinMs: ANSWER_WITHIN_MS,
    frequencyMhz: mhz,
  };
}

/** What drivers use, or less where a narrow mask leaves less to search; but a line must have room for more than jobs. */
function intervalMs(chip: Bm13xxChip, mhz: number, chips: number, mask: number, jobWireMs: number): number {
  // Small cores side by side take a version each; with fewer versions than that some of them repeat others.
  const sideBySide = powerOfTwoAbove(chip.smallCores) / powerOfTwoAbove(chip.cores);
  const versions = Math.max(sideBySide, chip.jobFormat === 'midstate' ? slotsFor(mask) : 2 ** bitsOf(mask));
  const scan = fullScanMs(chip, mhz, chips, versions, USED) ?? Infinity;
  return Math.max(Math.min(jobIntervalMs(chip, chips), scan), 1.5 * jobWireMs);
}
