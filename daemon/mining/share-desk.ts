import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { JobSource, Share, Verdict } from './job.ts';
import type { ShareAccount } from './share-account.ts';

/** Shares on their way to one pool; more than this means one that does not answer, and further ones are withheld. */
export const MAX_IN_FLIGHT = 256;

export interface ShareDeskOptions {
  readonly sources: readonly JobSource[];
  readonly clock: Clock;
  /** A share has gone out, or was kept back. */
  onShare(share: Share): void;
  onVerdict(share: Share, verdict: Verdict): void;
}

/** Sees to it that each share goes to the source of its own job and nowhere else, and gets exactly one verdict. */
export class ShareDesk {
  readonly #options: ShareDeskOptions;
  readonly #sources: ReadonlyMap<string, JobSource>;
  /** By source id: one that does not answer holds up no other. */
  readonly #inFlight = new Map<string, number>();
  /** Shares whose verdict is not in yet. */
  readonly #open = new Set<Promise<Verdict>>();

  constructor(options: ShareDeskOptions) {
    this.#options = options;
    this.#sources = new Map(options.sources.map((source) => [source.id, source]));
  }

  /**
   * Sends a share before it returns, and resolves with its verdict when that is in every account. Never rejects.
   * @param withheld why it is not to be sent; null = it is
   * @param own the connection its job came by, when that is none of the sources
   */
  hand(share: Share, accounts: readonly ShareAccount[], withheld: string | null, own: JobSource | null = null): Promise<Verdict> {
    const settled = this.#settle(share, accounts, withheld, own).finally(() => this.#open.delete(settled));
    this.#open.add(settled);
    return settled;
  }

  /** Resolves when no share is without its verdict. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#open);
  }

  async #settle(share: Share, accounts: readonly ShareAccount[], withheld: string | null, own: JobSource | null): Promise<Verdict> {
    // First of all it goes out; a source writes before it returns. Whoever wants to hear of it can wait that long.
    const answer = this.#verdictOn(share, withheld, own);
    for (const account of accounts) account.noteDifficulty(share.difficulty);
    this.#options.onShare(share);
    const verdict = await answer;
    const at = this.#options.clock.now();
    for (const account of accounts) account.noteVerdict(share, verdict, at);
    this.#options.onVerdict(share, verdict);
    return verdict;
  }

  async #verdictOn(share: Share, withheld: string | null, own: JobSource | null): Promise<Verdict> {
    const { sourceId } = share.job;
    const source = own ?? this.#sources.get(sourceId);
    if (withheld !== null) {
      source?.heldBack?.(share);
      return { status: 'withheld', reason: withheld };
    }
    if (!source) return { status: 'withheld', reason: 'its pool is no longer configured' };
    const inFlight = this.#inFlight.get(sourceId) ?? 0;
    // A block is worth more than the bound; its source has one of its own.
    if (inFlight >= MAX_IN_FLIGHT && !share.isBlock) return { status: 'withheld', reason: `${MAX_IN_FLIGHT} shares are already waiting for an answer of this pool` };
    this.#inFlight.set(sourceId, inFlight + 1);
    try {
      return await source.submit(share);
    } catch (error) {
      // A defect of ours; whether it went out, nobody knows. It must not end the daemon, which a rejection would.
      return { status: 'unknown', reason: messageOf(error) };
    } finally {
      this.#inFlight.set(sourceId, this.#inFlight.get(sourceId)! - 1);
    }
  }
}
