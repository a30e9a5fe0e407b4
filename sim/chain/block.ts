/** Block headers (80 bytes) and whole blocks. */
import { ByteReader, compactSize, sha256d, u32le } from './bytes.ts';
import { readTx, serializeTx, type Transaction } from './transaction.ts';

export interface BlockHeader {
  readonly version: number;
  /** Hash of the block before, digest order. */
  readonly prevHash: Buffer;
  readonly merkleRoot: Buffer;
  /** Seconds since the Unix epoch. */
  readonly time: number;
  /** Compact target. */
  readonly bits: number;
  readonly nonce: number;
}

export interface Block {
  readonly header: BlockHeader;
  readonly transactions: readonly Transaction[];
}

export const HEADER_BYTES = 80;

export function serializeHeader(header: BlockHeader): Buffer {
  return Buffer.concat([u32le(header.version), header.prevHash, header.merkleRoot, u32le(header.time), u32le(header.bits), u32le(header.nonce)]);
}

/** Block hash, digest order. */
export function hashHeader(header: BlockHeader): Buffer {
  return sha256d(serializeHeader(header));
}

export function serializeBlock(block: Block): Buffer {
  return Buffer.concat([serializeHeader(block.header), compactSize(block.transactions.length), ...block.transactions.map((tx) => serializeTx(tx, true))]);
}

/**
 * Reads a whole block.
 * @throws RangeError when the bytes are not exactly one block
 */
export function parseBlock(data: Uint8Array): Block {
  const reader = new ByteReader(data);
  const header: BlockHeader = {
    version: reader.u32(),
    prevHash: reader.bytes(32),
    merkleRoot: reader.bytes(32),
    time: reader.u32(),
    bits: reader.u32(),
    nonce: reader.u32(),
  };
  const count = reader.size();
  if (count * 60 > reader.remaining) throw new RangeError(`${count} transactions do not fit`);
  const transactions = Array.from({ length: count }, () => readTx(reader));
  if (reader.remaining > 0) throw new RangeError(`${reader.remaining} bytes after the last transaction`);
  return { header, transactions };
}
