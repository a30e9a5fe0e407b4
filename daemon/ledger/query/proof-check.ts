import type { JsonObject } from '../../brainstem/contract.ts';
import { displayHash, hashHeader, parseHeader } from '../../../protocol/bitcoin/header.ts';
import { sha256d } from '../../../protocol/bitcoin/hash.ts';
import { foldBranch } from '../../../protocol/bitcoin/merkle.ts';
import { isObject } from '../../../protocol/common/json.ts';

const HEX = /^(?:[0-9a-f]{2})*$/;

/**
 * Checks a math proof with real SHA-256d, trusting nothing but its header and its coinbase.
 * @returns what is wrong with it in plain words; null when everything in it holds
 */
export function proofProblem(proof: JsonObject): string | null {
  const { header_hex: headerHex, block_hash: blockHash, target } = proof;
  if (typeof headerHex !== 'string' || headerHex.length !== 160 || !HEX.test(headerHex)) return 'header_hex is not the 80 bytes of a header';
  const header = Buffer.from(headerHex, 'hex');
  const hash = displayHash(hashHeader(header));
  if (hash !== blockHash) return `block_hash is ${String(blockHash)}, but the header hashes to ${hash}`;
  // 64 hex digits each: as text they compare like the numbers they are.
  if (typeof target !== 'string' || target.length !== 64 || !HEX.test(target)) return 'target is not 64 hex digits';
  if (hash > target) return 'the hash is above the target';
  const { nonce, ntime, merkleRoot } = parseHeader(header);
  if (typeof proof.nonce === 'number' && proof.nonce !== nonce) return `nonce is ${proof.nonce}, but the header has ${nonce}`;
  if (typeof proof.ntime === 'number' && proof.ntime !== ntime) return `ntime is ${proof.ntime}, but the header has ${ntime}`;
  if (typeof proof.merkle_root === 'string' && proof.merkle_root !== displayHash(merkleRoot)) return 'merkle_root is not that of the header';
  if (proof.is_block === true && typeof proof.network_target === 'string' && hash > proof.network_target) return 'is_block, but the hash is above the network target';
  return merkleProblem(proof, displayHash(merkleRoot));
}

/** The coinbase that was being mined must lead to the header's merkle root. */
function merkleProblem({ coinbase, merkle_branch: branch }: JsonObject, merkleRoot: string): string | null {
  if (!isObject(coinbase) || !Array.isArray(branch)) return null;
  const parts = [coinbase.coinb1, coinbase.extranonce1, coinbase.extranonce2, coinbase.coinb2];
  if (![...parts, ...branch].every((part): part is string => typeof part === 'string' && HEX.test(part))) return 'coinbase or merkle_branch is not hex';
  const root = foldBranch(sha256d(Buffer.from(parts.join(''), 'hex')), branch.map((hash: string) => Buffer.from(hash, 'hex')));
  return displayHash(root) === merkleRoot ? null : 'the coinbase does not lead to the merkle root of the header';
}
