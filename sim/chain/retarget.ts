/** Difficulty of the demo chain: adjusted at every block, so that it suits any CPU within a few blocks. */
import { POW_LIMIT, type ChainParams } from './params.ts';
import { bitsFromTarget, targetForWork, workOfTarget } from './target.ts';

export interface TimedBlock {
  /** Header time, seconds. */
  readonly time: number;
  readonly target: bigint;
}

/** One gap counts for at most this many spacings, so that a pause of the miner does not make a flood of easy blocks. */
const LONGEST_GAP_SPACINGS = 6;

/**
 * Compact target of the next block: hash rate seen over the window times the wanted spacing, within `retargetClamp` of
 * the parent's target.
 *
 * A pool's header time is the time the job was made, that is when work on the block began. The gap after a block's time
 * therefore belongs to that block's own work, and the work of the last block is left out.
 * @param recent the last blocks without genesis, oldest first
 */
export function nextBits(recent: readonly TimedBlock[], params: ChainParams): number {
  const window = recent.slice(-(params.retargetWindow + 1));
  const parent = window.at(-1);
  if (!parent || window.length < 2) return bitsFromTarget(parent?.target ?? params.initialTarget);
  let span_s = 0;
  let work = 0n;
  for (let i = 1; i < window.length; i++) {
    const gap = window[i]!.time - window[i - 1]!.time;
    span_s += Math.max(0, Math.min(gap, LONGEST_GAP_SPACINGS * params.blockSpacing_s));
    work += workOfTarget(window[i - 1]!.target);
  }
  // Milliseconds keep a spacing below one second exact in whole numbers.
  const wanted = (work * BigInt(Math.round(params.blockSpacing_s * 1000))) / BigInt(Math.max(1000, Math.round(span_s * 1000)));
  const target = clamp(targetForWork(wanted), parent.target / params.retargetClamp, parent.target * params.retargetClamp);
  return bitsFromTarget(target < POW_LIMIT ? target : POW_LIMIT);
}

function clamp(value: bigint, least: bigint, most: bigint): bigint {
  return value < least ? least : value > most ? most : value;
}
