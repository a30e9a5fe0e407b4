/** What makes a block valid on the demo chain. Reasons are the words Bitcoin Core uses for the same faults. */
import type { Block } from './block.ts';
import { hashHeader, serializeBlock } from './block.ts';
import { digestNumber, sha256d } from './bytes.ts';
import { merkleRoot } from './merkle.ts';
import { MAX_BLOCK_WEIGHT, MAX_FUTURE_S, subsidy } from './params.ts';
import { commitmentIn, heightScript } from './script.ts';
import { targetFromBits } from './target.ts';
import { hasWitness, serializeTx, txid, wtxid, type Transaction } from './transaction.ts';

export type BlockFault =
  | 'malformed-block'
  | 'duplicate'
  | 'prev-blk-not-found'
  | 'bad-prevblk'
  | 'bad-version'
  | 'bad-diffbits'
  | 'high-hash'
  | 'time-too-old'
  | 'time-too-new'
  | 'bad-cb-missing'
  | 'bad-cb-multiple'
  | 'bad-cb-length'
  | 'bad-cb-height'
  | 'bad-cb-amount'
  | 'bad-txns-duplicate'
  | 'bad-txns-form'
  | 'bad-txnmrklroot'
  | 'bad-blk-weight'
  | 'unexpected-witness'
  | 'bad-witness-nonce-size'
  | 'bad-witness-merkle-match';

/** What the chain demands of the child of a given block. */
export interface ChildRules {
  readonly height: number;
  readonly bits: number;
  /** Median of the times before; the block's time must be above it. Seconds. */
  readonly medianTime_s: number;
  /** The local clock, seconds. */
  readonly now_s: number;
}

/** The first rule a block breaks, or null when it is valid. The block before it is looked up by the caller. */
export function checkBlock(block: Block, rules: ChildRules): BlockFault | null {
  return checkHeader(block, rules) ?? checkTransactions(block) ?? checkCoinbase(block, rules.height) ?? checkWitness(block);
}

function checkHeader({ header }: Block, rules: ChildRules): BlockFault | null {
  // Signed in consensus: a version with the top bit set is negative and below every minimum.
  if ((header.version | 0) < 4) return 'bad-version';
  if (header.bits !== rules.bits) return 'bad-diffbits';
  if (digestNumber(hashHeader(header)) > targetFromBits(header.bits)) return 'high-hash';
  if (header.time <= rules.medianTime_s) return 'time-too-old';
  if (header.time > rules.now_s + MAX_FUTURE_S) return 'time-too-new';
  return null;
}

function checkTransactions(block: Block): BlockFault | null {
  const [coinbase, ...others] = block.transactions;
  if (!coinbase || !isCoinbase(coinbase)) return 'bad-cb-missing';
  if (others.some(isCoinbase)) return 'bad-cb-multiple';
  if (block.transactions.some((tx) => tx.inputs.length === 0 || tx.outputs.length === 0)) return 'bad-txns-form';
  const ids = block.transactions.map(txid);
  // Also what makes two different lists share one merkle root (CVE-2012-2459).
  if (new Set(ids.map((id) => id.toString('hex'))).size !== ids.length) return 'bad-txns-duplicate';
  if (!merkleRoot(ids).equals(block.header.merkleRoot)) return 'bad-txnmrklroot';
  const bare = 81 + block.transactions.reduce((sum, tx) => sum + serializeTx(tx, false).length, 0);
  return 3 * bare + serializeBlock(block).length > MAX_BLOCK_WEIGHT ? 'bad-blk-weight' : null;
}

function isCoinbase(tx: Transaction): boolean {
  const input = tx.inputs[0];
  return tx.inputs.length === 1 && input !== undefined && input.prevIndex === 0xffffffff && input.prevTxid.every((byte) => byte === 0);
}

function checkCoinbase(block: Block, height: number): BlockFault | null {
  const coinbase = block.transactions[0]!;
  const script = coinbase.inputs[0]!.script;
  if (script.length < 2 || script.length > 100) return 'bad-cb-length';
  const start = heightScript(height);
  if (!script.subarray(0, start.length).equals(start)) return 'bad-cb-height';
  // The synthetic transactions pay no fees, so the subsidy is all there is.
  return coinbase.outputs.reduce((sum, output) => sum + output.value, 0n) > subsidy(height) ? 'bad-cb-amount' : null;
}

function checkWitness(block: Block): BlockFault | null {
  const coinbase = block.transactions[0]!;
  // The last output that looks like a commitment is the one that counts (BIP141).
  const commitment = coinbase.outputs.map((output) => commitmentIn(output.script)).findLast((found) => found !== null);
  if (!commitment) return block.transactions.some(hasWitness) ? 'unexpected-witness' : null;
  const reserved = coinbase.inputs[0]!.witness;
  if (reserved.length !== 1 || reserved[0]!.length !== 32) return 'bad-witness-nonce-size';
  return witnessCommitment(block.transactions.slice(1), reserved[0]!).equals(commitment) ? null : 'bad-witness-merkle-match';
}

/** BIP141 commitment over the transactions after the coinbase, whose own place in the tree is 32 zero bytes. */
export function witnessCommitment(others: readonly Transaction[], reserved: Buffer): Buffer {
  return sha256d(Buffer.concat([merkleRoot([Buffer.alloc(32), ...others.map(wtxid)]), reserved]));
}
