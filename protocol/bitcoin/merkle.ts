/** Merkle trees of transaction ids. All hashes are 32 bytes in digest order; nothing is ever reversed here. */
import { concatBytes } from '../common/bytes.ts';
import { sha256d } from './hash.ts';

/** Root from the coinbase's hash and its branch, each entry joined on the right (Stratum V1). */
export function foldBranch(coinbaseHash: Uint8Array, branch: readonly Uint8Array[]): Uint8Array {
  return branch.reduce((left, right) => sha256d(concatBytes(left, right)), coinbaseHash);
}

function pairUp(level: readonly Uint8Array[]): Uint8Array[] {
  const next: Uint8Array[] = [];
  // An odd last entry is paired with itself, as consensus demands.
  for (let i = 0; i < level.length; i += 2) next.push(sha256d(concatBytes(level[i]!, level[i + 1] ?? level[i]!)));
  return next;
}

/** Root of a whole list of ids, coinbase first. @throws RangeError for an empty list */
export function merkleRoot(txids: readonly Uint8Array[]): Uint8Array {
  if (txids.length === 0) throw new RangeError('a block has at least one transaction');
  let level = [...txids];
  while (level.length > 1) level = pairUp(level);
  return level[0]!;
}

/** Branch of the coinbase when these are the other transactions of the block, in order. */
export function merkleBranch(txidsWithoutCoinbase: readonly Uint8Array[]): Uint8Array[] {
  const branch: Uint8Array[] = [];
  // The first place stands for the coinbase side: whatever it holds, its sibling is what the branch needs.
  let level = [...txidsWithoutCoinbase];
  while (level.length > 0) {
    branch.push(level[0]!);
    level = pairUp(level.slice(1));
  }
  return branch;
}
