/** A nonce of the chips, hashed on the host with the work it is for. Pure and without garbage: it stands on the way to the pool. */
import { sha256d } from '../../protocol/bitcoin/hash.ts';
import { HEADER_BYTES, HEADER_OFFSET } from '../../protocol/bitcoin/header.ts';
import type { Work } from '../contract.ts';
import { readU32LE, writeU32LE } from '../../protocol/common/bytes.ts';

export interface CheckedNonce {
  /** Null = the hash is what chips may report; else why not, in plain words. */
  readonly error: string | null;
  /** Zero bits at the start of the hash as explorers print it. */
  readonly zeroBits: number;
  /** Inside the nonce window of its work, and at or below its target. */
  readonly wanted: boolean;
}

/** Zero bits at the top of 32 bytes read as a little-endian number. */
export function leadingZeroBits(bytes: Uint8Array): number {
  for (let i = bytes.length - 1; i >= 0; i--) {
    const byte = bytes[i]!;
    if (byte !== 0) return (bytes.length - 1 - i) * 8 + Math.clz32(byte) - 24;
  }
  return bytes.length * 8;
}

/** True when a hash is at or below a target, both 32 bytes little-endian. */
export function atOrBelow(hash: Uint8Array, target: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) if (hash[i] !== target[i]) return hash[i]! < target[i]!;
  return true;
}

const header = new Uint8Array(HEADER_BYTES);

/**
 * @param nonce unsigned 32 bit @param version the full header version
 * @param zeroBits leading zero bits every hash must have that these chips report
 */
export function checkNonce(work: Work, nonce: number, version: number, zeroBits: number): CheckedNonce {
  const rolled = (version ^ readU32LE(work.header, HEADER_OFFSET.version)) >>> 0;
  if ((rolled & ~work.versionMask) !== 0) return { error: 'version bits outside the mask were rolled', zeroBits: 0, wanted: false };
  header.set(work.header);
  writeU32LE(header, version, HEADER_OFFSET.version);
  writeU32LE(header, nonce, HEADER_OFFSET.nonce);
  const hash = sha256d(header);
  const found = leadingZeroBits(hash);
  if (found < zeroBits) return { error: `the hash of a nonce has ${found} zero bits instead of ${zeroBits}`, zeroBits: found, wanted: false };
  return { error: null, zeroBits: found, wanted: nonce >= work.nonceFrom && nonce <= work.nonceTo && atOrBelow(hash, work.target) };
}
