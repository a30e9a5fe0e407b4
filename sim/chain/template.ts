/** A block template of the demo chain, and how a coinbase with room for extranonces is cut out of it. */
import { ANYONE_SCRIPT, commitmentScript, heightScript, push } from './script.ts';
import { serializeTx, type Transaction } from './transaction.ts';
import { witnessCommitment } from './validate.ts';

export interface BlockTemplate {
  readonly height: number;
  readonly version: number;
  /** Digest order. */
  readonly prevHash: Buffer;
  readonly bits: number;
  readonly target: bigint;
  /** Time to start from, seconds. */
  readonly time: number;
  /** Least time the chain accepts, seconds. */
  readonly minTime: number;
  /** Satoshi. */
  readonly coinbaseValue: bigint;
  /** Without the coinbase. */
  readonly transactions: readonly Transaction[];
}

/** What is written into every coinbase, so that a block of this chain tells what it is. */
export const COINBASE_TAG = Buffer.from('/rigbrain demo/', 'latin1');
const RESERVED_WITNESS = Buffer.alloc(32);

/** The coinbase of a template with given bytes in the place of the extranonces. */
export function coinbaseOf(template: BlockTemplate, extranonce: Uint8Array): Transaction {
  return {
    version: 2,
    inputs: [
      {
        prevTxid: Buffer.alloc(32),
        prevIndex: 0xffffffff,
        script: Buffer.concat([heightScript(template.height), push(COINBASE_TAG), push(extranonce)]),
        sequence: 0xffffffff,
        witness: [RESERVED_WITNESS],
      },
    ],
    outputs: [
      { value: template.coinbaseValue, script: ANYONE_SCRIPT },
      { value: 0n, script: commitmentScript(witnessCommitment(template.transactions, RESERVED_WITNESS)) },
    ],
    lockTime: 0,
  };
}

/** The coinbase without witness, cut around its extranonces: what Stratum calls coinb1 and coinb2. */
export function coinbaseParts(template: BlockTemplate, extranonceBytes: number): { coinb1: Buffer; coinb2: Buffer } {
  const bytes = serializeTx(coinbaseOf(template, Buffer.alloc(extranonceBytes)), false);
  // version, input count, previous output, script length (below 0xfd), height, tag, length of the extranonce push
  const start = 4 + 1 + 36 + 1 + heightScript(template.height).length + 1 + COINBASE_TAG.length + 1;
  return { coinb1: bytes.subarray(0, start), coinb2: bytes.subarray(start + extranonceBytes) };
}
