/** Byte helpers of the demo chain: Bitcoin's integer and length encodings, and SHA-256d through node:crypto. */
import { createHash } from 'node:crypto';

/** SHA-256 (FIPS 180-4). */
export function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

/** SHA-256 applied twice: the hash of headers and transactions, in digest order (display form is its reverse). */
export function sha256d(data: Uint8Array): Buffer {
  return sha256(sha256(data));
}

/** 32-bit unsigned number as 4 little-endian bytes. */
export function u32le(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value >>> 0);
  return out;
}

/** 64-bit unsigned amount (satoshi) as 8 little-endian bytes. */
export function u64le(value: bigint): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(value);
  return out;
}

/** Bitcoin's CompactSize length prefix, lengths up to 2^32-1. */
export function compactSize(length: number): Buffer {
  if (length < 0xfd) return Buffer.from([length]);
  if (length <= 0xffff) return Buffer.from([0xfd, length & 0xff, length >>> 8]);
  return Buffer.concat([Buffer.from([0xfe]), u32le(length)]);
}

/** A length-prefixed byte string. */
export function varBytes(data: Uint8Array): Buffer {
  return Buffer.concat([compactSize(data.length), data]);
}

/** Reversed hex: how hashes are shown to people. */
export function displayHex(digest: Uint8Array): string {
  return Buffer.from(digest).reverse().toString('hex');
}

/** A digest read as the little-endian number that proof of work compares with a target. */
export function digestNumber(digest: Uint8Array): bigint {
  return BigInt(`0x${displayHex(digest)}`);
}

/** Reads a serialised structure from front to back. Every method throws RangeError at the end of the data. */
export class ByteReader {
  readonly #data: Buffer;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  }

  get position(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#data.length - this.#at;
  }

  bytes(length: number): Buffer {
    if (length > this.remaining) throw new RangeError(`needs ${length} bytes at offset ${this.#at}, has ${this.remaining}`);
    const part = this.#data.subarray(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }

  u8(): number {
    return this.bytes(1).readUInt8();
  }

  u32(): number {
    return this.bytes(4).readUInt32LE();
  }

  u64(): bigint {
    return this.bytes(8).readBigUInt64LE();
  }

  /** CompactSize; refuses encodings longer than needed, as a node does. */
  size(): number {
    const first = this.u8();
    const value = first < 0xfd ? first : first === 0xfd ? this.bytes(2).readUInt16LE() : first === 0xfe ? this.u32() : Number(this.u64());
    const least = first < 0xfd ? 0 : first === 0xfd ? 0xfd : first === 0xfe ? 0x1_0000 : 0x1_0000_0000;
    if (value < least) throw new RangeError('length prefix is longer than needed');
    return value;
  }

  varBytes(): Buffer {
    return this.bytes(this.size());
  }

  /** The bytes between two positions already passed. */
  between(start: number, end: number): Buffer {
    return this.#data.subarray(start, end);
  }
}
