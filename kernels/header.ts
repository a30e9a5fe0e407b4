/** The checks around a kernel that are made in JavaScript: independent of every kernel, by way of node:crypto. */
import { createHash } from 'node:crypto';

/** SHA-256d of `header` with another version and nonce, in digest order. */
export function hashHeader(header: Uint8Array, version: number, nonce: number): Uint8Array {
  const bytes = Buffer.from(header);
  bytes.writeUInt32LE(version >>> 0, 0);
  bytes.writeUInt32LE(nonce >>> 0, 76);
  return createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest();
}

/** Whether a job has more than one version: the mask has bits that the header's version has not. They are only set, never cleared. */
export function rollsVersions(job: { readonly header: Uint8Array; readonly versionMask: number }): boolean {
  return (job.versionMask & ~new DataView(job.header.buffer, job.header.byteOffset).getUint32(0, true)) !== 0;
}

/** True when hash <= target, both read as little-endian 256-bit numbers of 32 bytes. */
export function meetsTarget(hash: Uint8Array, target: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (hash[i] as number) - (target[i] as number);
    if (difference !== 0) return difference < 0;
  }
  return true;
}

/**
 * Bits of H7, the last digest word as SHA-256 computes it (big-endian), that are zero in every hash <= target: the leading
 * zero bits of the target, byte-swapped. 0 when the target has none.
 */
export function topMask(target: Uint8Array): number {
  const top = Buffer.from(target.buffer, target.byteOffset, target.byteLength).readUInt32LE(28);
  const significant = 32 - Math.clz32(top);
  const mask = Buffer.alloc(4);
  mask.writeUInt32LE(significant === 32 ? 0 : (0xffffffff << significant) >>> 0);
  return mask.readUInt32BE(0);
}
