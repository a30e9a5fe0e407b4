/** What a miner of the load makes of a mining.notify: real shares, found by hashing. */
import { sha256d } from '../../protocol/bitcoin/hash.ts';
import { HEADER_OFFSET, serializeHeader } from '../../protocol/bitcoin/header.ts';
import { foldBranch } from '../../protocol/bitcoin/merkle.ts';
import { meetsTarget } from '../../protocol/bitcoin/target.ts';
import { bytesToHex, concatBytes, hexToBytes, writeU32LE } from '../../protocol/common/bytes.ts';

/** A job as it came, read once for all miners that got the same line. */
export interface Work {
  readonly jobId: string;
  readonly prevHash: Uint8Array;
  readonly coinb1: Uint8Array;
  readonly coinb2: Uint8Array;
  readonly branch: readonly Uint8Array[];
  readonly version: number;
  readonly nbits: number;
  readonly ntime: number;
}

/** What a miner agreed with the server on. */
export interface Terms {
  readonly extranonce1: Uint8Array;
  readonly extranonce2Size: number;
  readonly target: bigint;
  /** 0 = versions are not rolled. */
  readonly versionMask: number;
}

/** Hashes tried for one share before it is given up. */
const MOST_TRIES = 1 << 16;

/** @param params of mining.notify, in the order of the wire */
export function workOf(params: readonly unknown[]): Work {
  const [jobId, prevHash, coinb1, coinb2, branch, version, nbits, ntime] = params as [string, string, string, string, string[], string, string, string];
  return {
    jobId,
    prevHash: Buffer.from(prevHash, 'hex').swap32(),
    coinb1: hexToBytes(coinb1),
    coinb2: hexToBytes(coinb2),
    branch: branch.map((digest) => hexToBytes(digest)),
    version: Number.parseInt(version, 16),
    nbits: Number.parseInt(nbits, 16),
    ntime: Number.parseInt(ntime, 16),
  };
}

/**
 * Parameters of a mining.submit that meets the target, after the worker's name. The extranonce2 is another for every
 * share, so that no server can keep a merkle root between two of them.
 * @param count how many shares this miner made before
 * @throws Error when no share was found in 65,536 hashes: the difficulty is meant for faster miners
 */
export function makeShare(work: Work, { extranonce1, extranonce2Size, target, versionMask }: Terms, count: number): string[] {
  const extranonce2 = new Uint8Array(extranonce2Size);
  for (let i = 0, left = count; i < extranonce2Size && left > 0; i++, left = Math.floor(left / 256)) extranonce2[i] = left % 256;
  const merkleRoot = foldBranch(sha256d(concatBytes(work.coinb1, extranonce1, extranonce2, work.coinb2)), work.branch);
  // Any bits will do: they only have to be other ones from time to time.
  const bits = (Math.imul(count, 0x9e3779b1) & versionMask) >>> 0;
  const version = ((work.version & ~versionMask) | bits) >>> 0;
  const header = serializeHeader({ version, prevHash: work.prevHash, merkleRoot, ntime: work.ntime, nbits: work.nbits, nonce: 0 });
  const first = Math.imul(count, 0x85ebca6b);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const nonce = (first + tries) >>> 0;
    writeU32LE(header, nonce, HEADER_OFFSET.nonce);
    if (!meetsTarget(sha256d(header), target)) continue;
    const fields = [work.jobId, bytesToHex(extranonce2), hex32(work.ntime), hex32(nonce)];
    return versionMask === 0 ? fields : [...fields, hex32(bits)];
  }
  throw new Error(`no share in ${MOST_TRIES} hashes: the server's difficulty is too high for a load test`);
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, '0');
}
