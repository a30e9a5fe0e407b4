import { bytesToHex, readU32LE, reverseBytes, writeU32LE } from '../common/bytes.ts';
import { sha256d } from './hash.ts';

/** Bytes of a serialised block header. */
export const HEADER_BYTES = 80;

/** Where each field starts in the 80 bytes. Numbers are unsigned 32 bit, least significant byte first. */
export const HEADER_OFFSET = { version: 0, prevHash: 4, merkleRoot: 36, ntime: 68, nbits: 72, nonce: 76 } as const;

/** The six fields of a Bitcoin block header. Hashes are 32 bytes in digest order, numbers unsigned 32 bit. */
export interface HeaderFields {
  readonly version: number;
  readonly prevHash: Uint8Array;
  readonly merkleRoot: Uint8Array;
  /** Seconds since the Unix epoch. */
  readonly ntime: number;
  /** Compact network target. */
  readonly nbits: number;
  readonly nonce: number;
}

/** The 80 bytes that are hashed. @throws RangeError when a hash is not 32 bytes */
export function serializeHeader(fields: HeaderFields): Uint8Array {
  if (fields.prevHash.length !== 32) throw new RangeError(`prevHash has ${fields.prevHash.length} bytes instead of 32`);
  if (fields.merkleRoot.length !== 32) throw new RangeError(`merkleRoot has ${fields.merkleRoot.length} bytes instead of 32`);
  const header = new Uint8Array(HEADER_BYTES);
  writeU32LE(header, fields.version, HEADER_OFFSET.version);
  header.set(fields.prevHash, HEADER_OFFSET.prevHash);
  header.set(fields.merkleRoot, HEADER_OFFSET.merkleRoot);
  writeU32LE(header, fields.ntime, HEADER_OFFSET.ntime);
  writeU32LE(header, fields.nbits, HEADER_OFFSET.nbits);
  writeU32LE(header, fields.nonce, HEADER_OFFSET.nonce);
  return header;
}

function checkLength(header: Uint8Array): void {
  if (header.length !== HEADER_BYTES) throw new RangeError(`a block header has ${HEADER_BYTES} bytes, not ${header.length}`);
}

/** The fields of an 80-byte header; hashes are copies. @throws RangeError when it is not 80 bytes */
export function parseHeader(header: Uint8Array): HeaderFields {
  checkLength(header);
  return {
    version: readU32LE(header, HEADER_OFFSET.version),
    prevHash: Uint8Array.from(header.subarray(HEADER_OFFSET.prevHash, HEADER_OFFSET.merkleRoot)),
    merkleRoot: Uint8Array.from(header.subarray(HEADER_OFFSET.merkleRoot, HEADER_OFFSET.ntime)),
    ntime: readU32LE(header, HEADER_OFFSET.ntime),
    nbits: readU32LE(header, HEADER_OFFSET.nbits),
    nonce: readU32LE(header, HEADER_OFFSET.nonce),
  };
}

/** SHA-256d of an 80-byte header, in digest order. @throws RangeError when it is not 80 bytes */
export function hashHeader(header: Uint8Array): Uint8Array {
  checkLength(header);
  return sha256d(header);
}

/** The form explorers and node RPCs print: reversed, lower-case hex. */
export function displayHash(hash: Uint8Array): string {
  return bytesToHex(reverseBytes(hash));
}
