import { sha256d } from '../../protocol/bitcoin/hash.ts';
import { serializeHeader } from '../../protocol/bitcoin/header.ts';
import { assembleCoinbase } from '../../protocol/bitcoin/coinbase.ts';
import { foldBranch } from '../../protocol/bitcoin/merkle.ts';
import { difficultyOfHash, hashToBigInt, leadingZeroDigits } from '../../protocol/bitcoin/target.ts';
import type { Job } from '../mining/job.ts';

/** Root of the job's transactions with this extranonce2, in header order. */
export function merkleRootOf(job: Job, extranonce2: Uint8Array): Uint8Array {
  const coinbase = assembleCoinbase(job.coinb1, job.extranonce1, extranonce2, job.coinb2);
  return foldBranch(sha256d(coinbase), job.merkleBranch);
}

/** The 80 bytes to hash. */
export function headerOf(job: Job, merkleRoot: Uint8Array, version: number, nonce: number): Uint8Array {
  return serializeHeader({ version, prevHash: job.prevHash, merkleRoot, ntime: job.ntime, nbits: job.nbits, nonce });
}

/** What the host's own SHA-256d says of a header. */
export interface CheckedHash {
  readonly hash: Uint8Array;
  /** The hash as the number that is compared with targets. */
  readonly value: bigint;
  readonly difficulty: number;
  /** Leading zero hex digits of the display form. */
  readonly leadingZeros: number;
}

/** Hashes a header on the host; nothing a device says is believed without this. */
export function checkHeader(header: Uint8Array): CheckedHash {
  const hash = sha256d(header);
  return { hash, value: hashToBigInt(hash), difficulty: difficultyOfHash(hash), leadingZeros: leadingZeroDigits(hash) };
}
