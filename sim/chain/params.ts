/** Rules of the demo chain and its genesis block. */
import type { Block } from './block.ts';
import { merkleRoot } from './merkle.ts';
import { ANYONE_SCRIPT, push } from './script.ts';
import { targetForWork, targetFromBits } from './target.ts';
import { txid, type Transaction } from './transaction.ts';

/** Easiest target a block may have, the one of Bitcoin's regtest. */
export const POW_LIMIT_BITS = 0x207fffff;
export const POW_LIMIT = targetFromBits(POW_LIMIT_BITS);
/** A block's time must be above the median of this many blocks before it. */
export const MEDIAN_TIME_BLOCKS = 11;
/** A block's time may be this far ahead of the local clock, seconds. */
export const MAX_FUTURE_S = 7200;
export const MAX_BLOCK_WEIGHT = 4_000_000;
const COIN = 100_000_000n;
const HALVING_BLOCKS = 210_000;

export interface ChainParams {
  /** Wanted seconds between blocks. */
  readonly blockSpacing_s: number;
  /** Target of the first blocks. */
  readonly initialTarget: bigint;
  /** Solve times that the next target is computed from. */
  readonly retargetWindow: number;
  /** Largest factor between the targets of two successive blocks. */
  readonly retargetClamp: bigint;
  /** Blocks kept below the tip; older ones can no longer be forked from. */
  readonly keepBlocks: number;
}

/** 2^22 hashes: three seconds at 1.4 MH/s, and ten blocks later right for any CPU. */
export const DEFAULT_PARAMS: ChainParams = {
  blockSpacing_s: 10,
  initialTarget: targetForWork(2n ** 22n),
  retargetWindow: 12,
  retargetClamp: 2n,
  keepBlocks: 1000,
};

/** New coins at a height, satoshi. */
export function subsidy(height: number): bigint {
  return (50n * COIN) >> BigInt(Math.floor(height / HALVING_BLOCKS));
}

const genesisCoinbase: Transaction = {
  version: 2,
  inputs: [
    {
      prevTxid: Buffer.alloc(32),
      prevIndex: 0xffffffff,
      script: Buffer.concat([push(Buffer.from([0])), push(Buffer.from('Rigbrain demo chain. This is not Bitcoin and has no value.', 'latin1'))]),
      sequence: 0xffffffff,
      witness: [],
    },
  ],
  outputs: [{ value: 0n, script: ANYONE_SCRIPT }],
  lockTime: 0,
};

/** First block: its own text, no coins, regtest's target. No other chain has it, so no other chain can be mistaken for this one. */
export const GENESIS: Block = {
  header: {
    version: 0x20000000,
    prevHash: Buffer.alloc(32),
    merkleRoot: merkleRoot([txid(genesisCoinbase)]),
    time: Date.UTC(2025, 11, 18) / 1000,
    bits: POW_LIMIT_BITS,
    nonce: 0,
  },
  transactions: [genesisCoinbase],
};
