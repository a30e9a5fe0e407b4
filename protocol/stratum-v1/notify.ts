import { swapWords, tryHexToBytes } from '../common/bytes.ts';
import { targetFromCompact } from '../bitcoin/nbits.ts';
import { LIMITS } from './limits.ts';
import type { Extranonce, NotifyParams } from './messages.ts';

/** A value, or the reason there is none. */
export type Checked<T> = { readonly value: T } | { readonly reason: string };

const bad = (reason: string): { readonly reason: string } => ({ reason });

/** A u32 of 1 to 8 hex digits, most significant first; some pools leave the zeros in front away. */
export function parseU32Hex(value: unknown): number | null {
  return typeof value === 'string' && /^[0-9a-fA-F]{1,8}$/.test(value) ? Number.parseInt(value, 16) : null;
}

function hexField(value: unknown, maxBytes: number): Uint8Array | null {
  return typeof value === 'string' && value.length <= 2 * maxBytes ? tryHexToBytes(value) : null;
}

/** clean_jobs is the last boolean from the ninth parameter on (some pools add parameters before it); false when left out. */
export function readCleanJobs(params: readonly unknown[]): boolean {
  return params.slice(8).findLast((value) => typeof value === 'boolean') === true;
}

function parseBranch(value: unknown): Checked<Uint8Array[]> {
  if (!Array.isArray(value)) return bad('the merkle branch is not a list');
  if (value.length > LIMITS.merkleBranchEntries) return bad(`the merkle branch has ${value.length} entries, more than ${LIMITS.merkleBranchEntries}`);
  const branch: Uint8Array[] = [];
  for (const entry of value as unknown[]) {
    const hash = hexField(entry, 32);
    if (hash?.length !== 32) return bad('a merkle branch entry is not 64 hex digits');
    branch.push(hash);
  }
  return { value: branch };
}

/** Checks the parameters of mining.notify: [job id, prevhash, coinb1, coinb2, branch, version, nbits, ntime, ..., clean]. */
export function parseNotify(params: readonly unknown[]): Checked<NotifyParams> {
  const [id, prevHash, first, second, branchParam, versionHex, nbitsHex, ntimeHex] = params;
  const jobId = typeof id === 'number' ? String(id) : id;
  if (typeof jobId !== 'string' || jobId.length > LIMITS.jobIdChars) return bad(`the job id is not a text of at most ${LIMITS.jobIdChars} characters`);
  const wirePrevHash = hexField(prevHash, 32);
  if (wirePrevHash?.length !== 32) return bad('prevhash is not 64 hex digits');
  const coinb1 = hexField(first, LIMITS.coinbaseBytes);
  const coinb2 = hexField(second, LIMITS.coinbaseBytes);
  if (coinb1 === null || coinb2 === null || coinb1.length + coinb2.length > LIMITS.coinbaseBytes) {
    return bad(`the coinbase is not hex of at most ${LIMITS.coinbaseBytes} bytes`);
  }
  const branch = parseBranch(branchParam);
  if ('reason' in branch) return branch;
  const version = parseU32Hex(versionHex);
  const nbits = parseU32Hex(nbitsHex);
  const ntime = parseU32Hex(ntimeHex);
  if (version === null || nbits === null || ntime === null) return bad('version, nbits or ntime is not up to 8 hex digits');
  const networkTarget = targetFromCompact(nbits);
  if (networkTarget === null) return bad('nbits is not a target');
  return {
    value: { jobId, prevHash: swapWords(wirePrevHash), coinb1, coinb2, merkleBranch: branch.value, version, nbits, networkTarget, ntime, cleanJobs: readCleanJobs(params) },
  };
}

/** Checks an extranonce as mining.subscribe's result and mining.set_extranonce carry it. */
export function parseExtranonce(extranonce1Hex: unknown, size: unknown): Checked<Extranonce> {
  const extranonce1 = hexField(extranonce1Hex, LIMITS.extranonceBytes);
  if (extranonce1 === null) return bad(`extranonce1 is not hex of at most ${LIMITS.extranonceBytes} bytes`);
  const extranonce2Size = typeof size === 'string' && /^\d{1,3}$/.test(size) ? Number(size) : size;
  if (typeof extranonce2Size !== 'number' || !Number.isInteger(extranonce2Size) || extranonce2Size < 0 || extranonce2Size > LIMITS.extranonceBytes) {
    return bad(`extranonce2_size is not a number from 0 to ${LIMITS.extranonceBytes}`);
  }
  return { value: { extranonce1, extranonce2Size } };
}
