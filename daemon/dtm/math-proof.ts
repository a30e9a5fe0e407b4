import type { JsonObject } from '../brainstem/contract.ts';
import { displayHash, parseHeader } from '../../protocol/bitcoin/header.ts';
import { targetToHex } from '../../protocol/bitcoin/target.ts';
import { bytesToHex, u32ToHex } from '../../protocol/common/bytes.ts';
import type { MathParameters } from '../brainstem/iteration3.ts';
import type { Share } from '../mining/job.ts';

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

/** What proofs cite of Iteration 3.yaml. It describes; nothing of it enters a hash or a target. */
export interface Mathematics {
  /** Group -> `Knuth-Sorrellian-Class(levels, iterations, cycles)`. */
  readonly categories_applied: Readonly<Record<string, string>>;
  /** Decimal digits: more than a number holds. Null = the file does not say. */
  readonly bitload: string | null;
}

/** The citation that stands in every proof. */
export function mathematicsOf({ groups }: MathParameters): Mathematics {
  const categories: Record<string, string> = {};
  let bitload: string | null = null;
  for (const [name, { notation, levels, iterations, cycles, bitload: load }] of Object.entries(groups)) {
    if (notation !== null) categories[name] = notation;
    else if (levels !== null && iterations !== null && cycles !== null) categories[name] = `Knuth-Sorrellian-Class(${levels}, ${iterations}, ${cycles})`;
    bitload ??= load?.toString() ?? null;
  }
  return { categories_applied: categories, bitload };
}

/** What the ledger knows of the share besides itself. */
export interface ProofEntry {
  readonly proofId: string;
  readonly attemptId: string;
  /** Hashes the device did for it; null = not counted. */
  readonly hashesTried: number | null;
}

/**
 * The record that lets anyone check a share with nothing but SHA-256: hash `header_hex` twice, reverse the bytes, and
 * compare the number with `target`. The merkle path ties the header to the coinbase that was being mined.
 */
export function mathProofOf(share: Share, entry: ProofEntry, attestation: Attestation, mathematics: Mathematics): JsonObject {
  const { job } = share;
  return {
    proof_id: entry.proofId,
    attempt_id: entry.attemptId,
    block_height: job.height,
    block_hash: displayHash(share.hash),
    header_hex: bytesToHex(share.header),
    target: targetToHex(share.isBlock ? job.networkTarget : job.shareTarget),
    share_target: targetToHex(job.shareTarget),
    network_target: targetToHex(job.networkTarget),
    difficulty: share.difficulty,
    leading_zeros: share.leadingZeros,
    is_block: share.isBlock,
    miner_id: share.deviceId,
    nonce: share.nonce,
    version: u32ToHex(share.version),
    ntime: share.ntime,
    bits: u32ToHex(job.nbits),
    merkle_root: displayHash(parseHeader(share.header).merkleRoot),
    coinbase: { coinb1: bytesToHex(job.coinb1), extranonce1: bytesToHex(job.extranonce1), extranonce2: bytesToHex(share.extranonce2), coinb2: bytesToHex(job.coinb2) },
    merkle_branch: job.merkleBranch.map(bytesToHex),
    hardware_attestation: attestation,
    ...mathematics,
    computation_proof: { total_hashes_computed: entry.hashesTried, nonce_found: share.nonce },
    verification_status: 'verified',
  };
}
