import type { ShareCounts } from '../telemetry/state.ts';
import type { Share, Verdict } from './job.ts';

/** The counts before anything has happened. */
export function noShares(): ShareCounts {
  return { accepted: 0, rejected: 0, stale: 0, unknown: 0, withheld: 0, hardware_errors: 0, duplicates: 0, blocks: 0, best_difficulty: null, last_accepted_at: null };
}

/** Counts what became of shares: one account for the rig, one per device. */
export class ShareAccount {
  #counts: { -readonly [K in keyof ShareCounts]: ShareCounts[K] } = noShares();

  /** Any hash the host has checked may be the best so far, whether or not a pool wanted it. */
  noteDifficulty(difficulty: number): void {
    if (this.#counts.best_difficulty === null || difficulty > this.#counts.best_difficulty) this.#counts.best_difficulty = difficulty;
  }

  /** Counts the answer to a share. A block counts as one when its share was accepted. */
  noteVerdict(share: Share, verdict: Verdict, at: number): void {
    switch (verdict.status) {
      case 'accepted':
        this.#counts.accepted += 1;
        this.#counts.last_accepted_at = at;
        if (share.isBlock) this.#counts.blocks += 1;
        break;
      case 'stale':
        this.#counts.stale += 1;
        break;
      case 'unknown':
        this.#counts.unknown += 1;
        break;
      case 'withheld':
        this.#counts.withheld += 1;
        break;
      default:
        this.#counts.rejected += 1;
    }
  }

  /** A nonce that came too late to be judged at all. */
  noteExpired(): void {
    this.#counts.stale += 1;
  }

  noteHardwareError(): void {
    this.#counts.hardware_errors += 1;
  }

  noteDuplicate(): void {
    this.#counts.duplicates += 1;
  }

  snapshot(): ShareCounts {
    return { ...this.#counts };
  }
}
