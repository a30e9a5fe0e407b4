/** Merkle trees over digests in digest order. */
import { sha256d } from './bytes.ts';

function pairUp(level: readonly Buffer[]): Buffer[] {
  const up: Buffer[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i]!;
    // An odd last digest is paired with itself.
    up.push(sha256d(Buffer.concat([left, level[i + 1] ?? left])));
  }
  return up;
}

/** Root over all leaves; at least one leaf is needed. */
export function merkleRoot(leaves: readonly Buffer[]): Buffer {
  let level = [...leaves];
  while (level.length > 1) level = pairUp(level);
  const root = level[0];
  if (!root) throw new RangeError('merkle root of nothing');
  return root;
}

/** The digests that lead from leaf 0 to the root when folded on the right, given all other leaves (Stratum's merkle branch). */
export function branchOfFirst(others: readonly Buffer[]): Buffer[] {
  const branch: Buffer[] = [];
  // The first place holds the leaf that is not known yet; its value never reaches the branch.
  let level: Buffer[] = [Buffer.alloc(32), ...others];
  while (level.length > 1) {
    branch.push(level[1]!);
    level = pairUp(level);
  }
  return branch;
}

/** Root of leaf 0 and its branch. */
export function foldBranch(first: Buffer, branch: readonly Buffer[]): Buffer {
  return branch.reduce((left, right) => sha256d(Buffer.concat([left, right])), first);
}
