import { bytesToHex, readU32LE } from '../common/bytes.ts';

/** Topic of the node's `zmqpubhashblock` (Bitcoin Core doc/zmq.md). */
export const HASHBLOCK = 'hashblock';

export interface HashBlock {
  /** Display form of the new best block. */
  readonly hash: string;
  /** Counts the messages of this topic, mod 2^32; null when the node sends none. */
  readonly sequence: number | null;
}

/** Reads a `hashblock` message: topic, 32 bytes in display order, counter (4 bytes, least significant first). Null when it is none. */
export function decodeHashBlock(parts: readonly Uint8Array[]): HashBlock | null {
  const [topic, hash, sequence] = parts;
  if (!topic || new TextDecoder('latin1').decode(topic) !== HASHBLOCK || hash?.length !== 32) return null;
  return { hash: bytesToHex(hash), sequence: sequence?.length === 4 ? readU32LE(sequence) : null };
}
