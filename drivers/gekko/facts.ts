import { gekkoHashrate, type GekkoStick } from '../../protocol/gekko/sticks.ts';
import type { BoardFacts } from '../asic/board.ts';

/** Part of the search space that is used before new work comes: no chip says when it has come to the end. */
const SPACE_USED = 0.75;
const NONCES = 2 ** 32;
/** The chips are asked for their frequency this often. */
export const HEARTBEAT_MS = 2000;

export interface FactsOf {
  readonly stick: GekkoStick;
  readonly chips: number;
  readonly chipsExpected: number | null;
  readonly mhz: number;
  /** Versions in a job. */
  readonly versions: number;
  readonly ticketDifficulty: number;
  readonly zeroBits: number;
}

/** What follows from clock, chips and ticket of a BM1384 or BM1387 stick. */
export function factsOf({ stick, chips, chipsExpected, mhz, versions, ticketDifficulty, zeroBits }: FactsOf): BoardFacts {
  const hashrateNominalHs = gekkoHashrate(stick, chips, mhz)!;
  return {
    chips,
    chipsExpected,
    chip: stick.chip,
    hashrateNominalHs,
    hashesPerNonce: 2 ** zeroBits * ticketDifficulty,
    zeroBits,
    // Simulated chips with easier nonces hash so much slower that they come as often.
    nonceIntervalMs: (NONCES * ticketDifficulty * 1000) / hashrateNominalHs,
    jobIntervalMs: (SPACE_USED * NONCES * versions * 1000) / hashrateNominalHs,
    // Three questions, so that a lost answer is not a dead stick.
    answerWithinMs: 3 * HEARTBEAT_MS,
    frequencyMhz: mhz,
  };
}
