import type { JsonObject } from '../brainstem/contract.ts';
import { displayHash } from '../../protocol/bitcoin/header.ts';
import { targetToHex } from '../../protocol/bitcoin/target.ts';
import type { Share } from '../mining/job.ts';
import { merkleRootOf } from './nonce-check.ts';

/** Where and with what a proof was made. */
export interface Attestation {
  readonly hostname: string;
  readonly cpu_model: string | null;
  readonly cpu_cores: number;
  readonly ram_total_gb: number;
  /** Maker and model of the machine. */
  readonly machine: string | null;
  readonly process_id: number;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const hex32 = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');

/**
 * The record that lets anyone check a share with nothing but SHA-256: hash `header_hex` twice, reverse the bytes, and
 * compare the number with `target`. The merkle path ties the header to the coinbase that was being mined.
 */
export function mathProofOf(share: Share, proofId: string, attestation: Attestation): JsonObject {
  const { job } = share;
  return {
    proof_id: proofId,
    attempt_id: share.id,
    block_height: job.height,
    block_hash: displayHash(share.hash),
    header_hex: hex(share.header),
    target: targetToHex(share.isBlock ? job.networkTarget : job.shareTarget),
    share_target: targetToHex(job.shareTarget),
    network_target: targetToHex(job.networkTarget),
    difficulty: share.difficulty,
    leading_zeros: share.leadingZeros,
    is_block: share.isBlock,
    miner_id: share.deviceId,
    nonce: share.nonce,
    version: hex32(share.version),
    ntime: share.ntime,
    bits: hex32(job.nbits),
    merkle_root: displayHash(merkleRootOf(job, share.extranonce2)),
    coinbase: { coinb1: hex(job.coinb1), extranonce1: hex(job.extranonce1), extranonce2: hex(share.extranonce2), coinb2: hex(job.coinb2) },
    merkle_branch: job.merkleBranch.map(hex),
    hardware_attestation: attestation,
    verification_status: 'verified',
  };
}
