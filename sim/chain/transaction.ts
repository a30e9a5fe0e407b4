/** Transactions: serialisation with and without witness (BIP144), and their ids. */
import { ByteReader, compactSize, sha256d, u32le, u64le, varBytes } from './bytes.ts';

export interface TxInput {
  /** Id of the transaction spent, digest order; 32 zero bytes in a coinbase. */
  readonly prevTxid: Buffer;
  readonly prevIndex: number;
  readonly script: Buffer;
  readonly sequence: number;
  readonly witness: readonly Buffer[];
}

export interface TxOutput {
  /** Satoshi. */
  readonly value: bigint;
  readonly script: Buffer;
}

export interface Transaction {
  readonly version: number;
  readonly inputs: readonly TxInput[];
  readonly outputs: readonly TxOutput[];
  readonly lockTime: number;
}

export function hasWitness(tx: Transaction): boolean {
  return tx.inputs.some((input) => input.witness.length > 0);
}

/** Bytes of a transaction; without `witness` these are the bytes its txid is made from. */
export function serializeTx(tx: Transaction, witness: boolean): Buffer {
  const marked = witness && hasWitness(tx);
  const parts: Uint8Array[] = [u32le(tx.version)];
  if (marked) parts.push(Buffer.from([0x00, 0x01]));
  parts.push(compactSize(tx.inputs.length));
  for (const input of tx.inputs) parts.push(input.prevTxid, u32le(input.prevIndex), varBytes(input.script), u32le(input.sequence));
  parts.push(compactSize(tx.outputs.length));
  for (const output of tx.outputs) parts.push(u64le(output.value), varBytes(output.script));
  if (marked) {
    for (const input of tx.inputs) parts.push(compactSize(input.witness.length), ...input.witness.map(varBytes));
  }
  parts.push(u32le(tx.lockTime));
  return Buffer.concat(parts);
}

/** Transaction id, digest order. */
export function txid(tx: Transaction): Buffer {
  return sha256d(serializeTx(tx, false));
}

/** Witness transaction id, digest order. */
export function wtxid(tx: Transaction): Buffer {
  return sha256d(serializeTx(tx, true));
}

/**
 * Reads one transaction from where the reader stands.
 * @throws RangeError when the bytes are not a transaction
 */
export function readTx(reader: ByteReader): Transaction {
  const version = reader.u32();
  let count = reader.size();
  const marked = count === 0;
  if (marked) {
    if (reader.u8() !== 1) throw new RangeError('unknown transaction flag');
    count = reader.size();
  }
  const bare = readList(reader, count, 41, () => ({
    prevTxid: reader.bytes(32),
    prevIndex: reader.u32(),
    script: reader.varBytes(),
    sequence: reader.u32(),
  }));
  const outputs = readList(reader, reader.size(), 9, () => ({ value: reader.u64(), script: reader.varBytes() }));
  const inputs = bare.map((input) => ({ ...input, witness: marked ? readList(reader, reader.size(), 1, () => reader.varBytes()) : [] }));
  const tx = { version, inputs, outputs, lockTime: reader.u32() };
  if (marked && !hasWitness(tx)) throw new RangeError('witness flag without witness data');
  return tx;
}

/** Reads `count` items of at least `leastBytes` each; a count the data cannot hold is refused before anything is allocated. */
function readList<T>(reader: ByteReader, count: number, leastBytes: number, read: () => T): T[] {
  if (count * leastBytes > reader.remaining) throw new RangeError(`${count} items do not fit`);
  return Array.from({ length: count }, read);
}
