/** Solves blocks of an easy demo chain for tests. */
import { hashHeader, serializeBlock, type Block, type BlockHeader } from './block.ts';
import { digestNumber } from './bytes.ts';
import type { BlockVerdict, DemoChain } from './chain.ts';
import { merkleRoot } from './merkle.ts';
import { targetFromBits } from './target.ts';
import { coinbaseOf, type BlockTemplate } from './template.ts';
import { txid } from './transaction.ts';

/** The block of a template, not yet solved. */
export function unsolved(template: BlockTemplate, extranonce: Uint8Array = Buffer.from([1])): Block {
  const transactions = [coinbaseOf(template, extranonce), ...template.transactions];
  return { header: { version: template.version, prevHash: template.prevHash, merkleRoot: merkleRoot(transactions.map(txid)), time: template.time, bits: template.bits, nonce: 0 }, transactions };
}

/** The same block with the first nonce that meets (or, when asked, misses) its own target. */
export function solve(block: Block, meets = true): Block {
  const target = targetFromBits(block.header.bits);
  for (let nonce = 0; nonce < 2 ** 24; nonce++) {
    const header: BlockHeader = { ...block.header, nonce };
    if (digestNumber(hashHeader(header)) <= target === meets) return { ...block, header };
  }
  throw new Error('no nonce found: the target is too hard for a test');
}

/** Mines one block on the tip. */
export function mineBlock(chain: DemoChain, transactions = 2): BlockVerdict {
  return chain.submit(serializeBlock(solve(unsolved(chain.template(transactions)))));
}
