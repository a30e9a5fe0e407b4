/**
 * The 64-byte work packet of the Icarus family (Block Erupter, Icarus, Lancelot, Antminer U1-U3, BM1384 sticks): no
 * length, no check. [0:32] midstate, [32:52] filler, [52:64] the last 12 header bytes before the nonce. Hardware reference 8.
 */
import { BLOCK_BYTES, midstate as midstateOfHeader } from '../bitcoin/sha256-reference.ts';
import { HEADER_BYTES, HEADER_OFFSET } from '../bitcoin/header.ts';
import { reverseWordOrder } from '../bm13xx/job-frame.ts';
import { stateFromBytes, stateToBytes } from '../bm13xx/job-midstate.ts';

export const ICARUS_WORK_BYTES = 64;
export const ICARUS_FILLER_OFFSET = 32;
const TAIL_OFFSET = 52;
/** Bytes 64 to 76 of a header: end of the merkle root, ntime, nbits. */
export const HEADER_TAIL_BYTES = 12;

export interface IcarusWork {
  /** SHA-256 state after the first 64 header bytes, 8 words. */
  readonly midstate: Readonly<Uint32Array>;
  /** Header bytes 64 .. 76, in header order. */
  readonly tail: Uint8Array;
}

/** The words of a SHA-256 state in reverse order, each most significant byte first: 32 bytes as the chips take them. */
export function midstateToWire(midstate: Readonly<Uint32Array>): Uint8Array {
  if (midstate.length !== 8) throw new RangeError(`a midstate has 8 words, not ${midstate.length}`);
  return reverseWordOrder(stateToBytes(midstate));
}

/** The SHA-256 state of 32 bytes as the chips take it. @throws RangeError when there are not 32 bytes */
export function midstateFromWire(bytes: Uint8Array): Uint32Array {
  if (bytes.length !== 32) throw new RangeError(`a midstate on the wire has 32 bytes, not ${bytes.length}`);
  return stateFromBytes(reverseWordOrder(bytes));
}

/** The three 4-byte words of a header tail in reverse order, bytes inside a word untouched; its own inverse. */
export function reverseTailWords(tail: Uint8Array): Uint8Array {
  if (tail.length !== HEADER_TAIL_BYTES) throw new RangeError(`a header tail has ${HEADER_TAIL_BYTES} bytes, not ${tail.length}`);
  return reverseWordOrder(tail);
}

/** What the chips need of an 80-byte header; its nonce is not looked at. @throws RangeError when it is not 80 bytes */
export function icarusWorkOfHeader(header: Uint8Array): IcarusWork {
  if (header.length !== HEADER_BYTES) throw new RangeError(`a block header has ${HEADER_BYTES} bytes, not ${header.length}`);
  return { midstate: midstateOfHeader(header), tail: header.slice(BLOCK_BYTES, HEADER_OFFSET.nonce) };
}

/** The packet, filler 0. New work aborts the old one. @throws RangeError when a part has the wrong length */
export function encodeIcarusWork(work: IcarusWork): Uint8Array {
  const packet = new Uint8Array(ICARUS_WORK_BYTES);
  packet.set(midstateToWire(work.midstate));
  packet.set(reverseTailWords(work.tail), TAIL_OFFSET);
  return packet;
}

/** The work in a packet; null when it is not 64 bytes. The filler is not looked at. */
export function decodeIcarusWork(packet: Uint8Array): IcarusWork | null {
  if (packet.length !== ICARUS_WORK_BYTES) return null;
  return { midstate: midstateFromWire(packet.subarray(0, 32)), tail: reverseTailWords(packet.subarray(TAIL_OFFSET)) };
}
