/**
 * Transactions that fill the demo chain's blocks, so that merkle branches and witness commitments are not trivial. They are
 * really serialised and have a valid script (OP_TRUE); the outputs they spend are made up, because this chain keeps no
 * balances: it checks form, commitments and proof of work.
 */
import { sha256d, u32le } from './bytes.ts';
import { ANYONE_SCRIPT, OP_TRUE } from './script.ts';
import type { Transaction } from './transaction.ts';

/** @param series makes the transactions of one template differ from those of every other */
export function syntheticTransactions(count: number, height: number, series: number): Transaction[] {
  return Array.from({ length: count }, (_, index) => ({
    version: 2,
    inputs: [
      {
        prevTxid: sha256d(Buffer.concat([Buffer.from('rigbrain demo input'), u32le(height), u32le(series), u32le(index)])),
        prevIndex: 0,
        script: Buffer.alloc(0),
        sequence: 0xfffffffd,
        witness: [OP_TRUE],
      },
    ],
    outputs: [{ value: BigInt(1000 * (index + 1)), script: ANYONE_SCRIPT }],
    lockTime: 0,
  }));
}
