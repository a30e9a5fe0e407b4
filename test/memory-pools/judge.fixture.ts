/** What a pool knows of the jobs of one connection, and what it makes of a submit. Shares no code with the miner. */
import { createHash } from 'node:crypto';

const sha256d = (...parts: Buffer[]): Buffer => createHash('sha256').update(createHash('sha256').update(Buffer.concat(parts)).digest()).digest();
const swap32 = (hex: string): Buffer => Buffer.from(hex, 'hex').swap32();
const u32 = (hex: string): Buffer => Buffer.from(hex.padStart(8, '0'), 'hex').reverse();
/** 0xffff << 208: difficulty 1. */
const DIFF_1 = 0xffffn << 208n;
const SCALE = 2n ** 60n;

export interface IssuedJob {
  /** Parameters of its mining.notify. */
  readonly params: readonly [id: string, prevHash: string, coinb1: string, coinb2: string, branch: readonly string[], version: string, nbits: string, ntime: string, clean: boolean];
  readonly extranonce1: string;
  readonly extranonce2Size: number;
  readonly difficulty: number;
  /** Since when the id means another job; null = it still means this one. */
  supersededAt: number | null;
}

export interface Judged {
  readonly job: IssuedJob;
  /** Display form. */
  readonly hash: string;
  readonly meets: boolean;
  readonly isBlock: boolean;
}

export function targetOfDifficulty(difficulty: number): bigint {
  return (DIFF_1 * SCALE) / BigInt(Math.round(difficulty * Number(SCALE)));
}

function targetOfBits(nbits: string): bigint {
  const bits = Number.parseInt(nbits, 16);
  return BigInt(bits & 0xffffff) << BigInt(8 * ((bits >>> 24) - 3));
}

/** Hashes the header a submit stands for, were it for this job. */
export function judge(job: IssuedJob, submit: { extranonce2: string; ntime: string; nonce: string; bits: string | null }, mask: number): Judged {
  const [, prevHash, coinb1, coinb2, branch, version, nbits] = job.params;
  const coinbase = Buffer.from(coinb1 + job.extranonce1 + submit.extranonce2 + coinb2, 'hex');
  let root = sha256d(coinbase);
  for (const digest of branch) root = sha256d(root, Buffer.from(digest, 'hex'));
  const base = Number.parseInt(version, 16);
  const rolled = submit.bits === null ? base : ((base & ~mask) | (Number.parseInt(submit.bits, 16) & mask)) >>> 0;
  const header = Buffer.concat([u32(rolled.toString(16)), swap32(prevHash), root, u32(submit.ntime), u32(nbits), u32(submit.nonce)]);
  const display = sha256d(header).reverse();
  const value = BigInt(`0x${display.toString('hex')}`);
  return { job, hash: display.toString('hex'), meets: value <= targetOfDifficulty(job.difficulty), isBlock: value <= targetOfBits(nbits) };
}
