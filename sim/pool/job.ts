/** Jobs of the simulated pool, made from templates, and the share header that a submit stands for. */
import type { Block, BlockHeader } from '../chain/block.ts';
import { displayHex, sha256d } from '../chain/bytes.ts';
import { branchOfFirst, foldBranch } from '../chain/merkle.ts';
import { coinbaseOf, coinbaseParts, type BlockTemplate } from '../chain/template.ts';
import { txid } from '../chain/transaction.ts';

export interface PoolJob {
  readonly template: BlockTemplate;
  /** Display form of the block this job builds on. */
  readonly parent: string;
  readonly coinb1: Buffer;
  readonly coinb2: Buffer;
  readonly branch: readonly Buffer[];
  /** Shares seen, over all connections: a resumed session cannot send one twice. */
  readonly seen: Set<string>;
}

/** A job as it was sent to one connection: what its shares are judged by. */
export interface IssuedJob {
  readonly id: string;
  readonly job: PoolJob;
  readonly difficulty: number;
  readonly target: bigint;
  readonly extranonce1: Buffer;
  readonly extranonce2Size: number;
}

/** The fields of a share that its header depends on. */
export interface ShareFields {
  readonly extranonce2: Buffer;
  readonly ntime: number;
  readonly nonce: number;
  /** Version bits rolled, inside the mask. */
  readonly versionBits: number;
  readonly versionMask: number;
}

export function makeJob(template: BlockTemplate, extranonceBytes: number): PoolJob {
  return {
    template,
    parent: displayHex(template.prevHash),
    ...coinbaseParts(template, extranonceBytes),
    branch: branchOfFirst(template.transactions.map(txid)),
    seen: new Set(),
  };
}

/** Header order to the order of mining.notify: the bytes inside each 4-byte word are reversed. */
function swapWords(digest: Buffer): Buffer {
  return Buffer.from(digest).swap32();
}

export function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

/** Parameters of mining.notify. */
export function notifyParams({ id, job }: IssuedJob, clean: boolean): unknown[] {
  const { template } = job;
  return [
    id,
    swapWords(template.prevHash).toString('hex'),
    job.coinb1.toString('hex'),
    job.coinb2.toString('hex'),
    job.branch.map((digest) => digest.toString('hex')),
    hex32(template.version),
    hex32(template.bits),
    hex32(template.time),
    clean,
  ];
}

/** The header a share was hashed with (BIP310: masked bits replace those of the job). */
export function shareHeader(issued: IssuedJob, share: ShareFields): BlockHeader {
  const { template, coinb1, coinb2, branch } = issued.job;
  const coinbase = Buffer.concat([coinb1, issued.extranonce1, share.extranonce2, coinb2]);
  return {
    version: ((template.version & ~share.versionMask) | (share.versionBits & share.versionMask)) >>> 0,
    prevHash: template.prevHash,
    merkleRoot: foldBranch(sha256d(coinbase), branch),
    time: share.ntime,
    bits: template.bits,
    nonce: share.nonce,
  };
}

/** The whole block of a share, coinbase witness and transactions included. */
export function shareBlock(issued: IssuedJob, share: ShareFields): Block {
  const { template } = issued.job;
  const coinbase = coinbaseOf(template, Buffer.concat([issued.extranonce1, share.extranonce2]));
  return { header: shareHeader(issued, share), transactions: [coinbase, ...template.transactions] };
}
