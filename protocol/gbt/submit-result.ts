/** What the answer of `submitblock` (BIP22) means. Nodes differ in wording; some write `rejected: ` in front of the reason. */

export type SubmitResult =
  | { readonly status: 'accepted' }
  | { readonly status: 'stale' | 'low_difficulty' | 'rejected'; readonly reason: string };

/** @param result the `result` of the call: null, or a text */
export function classifySubmitResult(result: unknown): SubmitResult {
  if (result === null || result === undefined) return { status: 'accepted' };
  const reason = typeof result === 'string' ? result.replace(/^rejected: /, '') : JSON.stringify(result);
  switch (reason) {
    // The node has the block already: an earlier attempt of ours got through although its answer was lost.
    case 'duplicate':
      return { status: 'accepted' };
    case 'inconclusive':
      return { status: 'stale', reason: 'inconclusive: the block is valid but not on the best chain' };
    case 'stale-prevblk':
    case 'bad-prevblk':
      return { status: 'stale', reason };
    case 'high-hash':
      return { status: 'low_difficulty', reason };
    default:
      return { status: 'rejected', reason };
  }
}
