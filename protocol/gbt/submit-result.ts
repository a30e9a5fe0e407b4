/** What the answer of `submitblock` (BIP22) means. Nodes differ in wording; bcoin writes `rejected: ` in front of the reason. */
import { sanitizeText } from '../stratum-v1/text.ts';

/** `inconclusive`: the block is valid as far as the node looked, but its best chain is another one. */
export type SubmitResult =
  | { readonly status: 'accepted'; readonly reason: string }
  | { readonly status: 'inconclusive' | 'stale' | 'low_difficulty' | 'rejected'; readonly reason: string };

/** The reason of a BIP22 result without the prefix some nodes write; null when there is none, which is a yes. */
export function resultReason(result: unknown): string | null {
  if (result === null || result === undefined) return null;
  return sanitizeText(typeof result === 'string' ? result.replace(/^rejected: /, '') : JSON.stringify(result));
}

/** @param result the `result` of the call: null, or a text */
export function classifySubmitResult(result: unknown): SubmitResult {
  const reason = resultReason(result);
  switch (reason) {
    case null:
      return { status: 'accepted', reason: 'accepted' };
    // The node has the block already: from another of our nodes, or an earlier attempt got through and its answer was lost.
    case 'duplicate':
      return { status: 'accepted', reason: 'accepted before' };
    case 'inconclusive':
    case 'duplicate-inconclusive':
      return { status: 'inconclusive', reason };
    case 'stale-prevblk':
    case 'bad-prevblk':
    case 'prev-blk-not-found':
      return { status: 'stale', reason };
    case 'high-hash':
      return { status: 'low_difficulty', reason };
    default:
      return { status: 'rejected', reason };
  }
}

export type ProposalResult =
  | { readonly status: 'good' }
  /** The chain went on while it was asked: says nothing of the block. */
  | { readonly status: 'late'; readonly reason: string }
  | { readonly status: 'refused'; readonly reason: string };

/** What the answer to a block proposal (BIP23) means. Its proof of work is not looked at, by nodes that keep to the text. */
export function classifyProposalResult(result: unknown): ProposalResult {
  const reason = resultReason(result);
  if (reason === null || reason === 'high-hash' || reason === 'duplicate') return { status: 'good' };
  if (/^(inconclusive|stale-|bad-prevblk$|duplicate-inconclusive)/.test(reason)) return { status: 'late', reason };
  return { status: 'refused', reason };
}
