/**
 * Replies of BM13xx chips: `AA 55 | 4 bytes | 2 bytes | [2 bytes] | trailer`. The trailer is three type bits and a CRC5
 * that covers them. 9 bytes until version rolling is switched on, 11 afterwards (BM1397: always 9). Reference 1.4.
 */
import { readU32BE, readU32LE } from '../common/bytes.ts';
import { replyCrcHolds } from './crc5.ts';

/** Upper three bits of the trailer. */
export const REPLY_TYPE = { register: 0, nonce: 4 } as const;

export interface RegisterReply {
  readonly kind: 'register';
  readonly value: number;
  readonly chipAddress: number;
  readonly register: number;
  /** Bytes 8 and 9 of an 11-byte reply, whose meaning no source gives; null in a 9-byte one. */
  readonly extra: number | null;
}

export interface NonceReply {
  readonly kind: 'nonce';
  /** The nonce as a number of the block header; Stratum V1 submits it as 8 hex digits. */
  readonly nonce: number;
  /** The four bytes as they came and as they stand in the header, read most significant first: core and chip are in it. */
  readonly position: number;
  /** Byte 6: how far the hash is above the ticket difficulty (see `excessPerBit`), the midstate number in old drivers. */
  readonly excess: number;
  /** Byte 7: job id and sub-core or midstate slot, packed differently by every family. */
  readonly jobByte: number;
  /** Bytes 8 and 9 (bits 28..13 of the rolled version); null in a 9-byte reply. */
  readonly versionField: number | null;
}

export type Reply = RegisterReply | NonceReply;
export type ReplyResult = { readonly ok: true; readonly reply: Reply } | { readonly ok: false; readonly problem: string };

/** True for the two types there are. Two of eight: refusing the others makes garbage pass the short CRC four times less often. */
export function isReplyType(trailer: number): boolean {
  const type = trailer >> 5;
  return type === REPLY_TYPE.register || type === REPLY_TYPE.nonce;
}

/** What a reply frame says, preamble and trailer included. Never throws: a frame that is none comes back as a problem. */
export function decodeReply(frame: Uint8Array): ReplyResult {
  if (frame.length !== 9 && frame.length !== 11) return { ok: false, problem: `a reply has 9 or 11 bytes, not ${frame.length}` };
  if (frame[0] !== 0xaa || frame[1] !== 0x55) return { ok: false, problem: 'no preamble AA 55' };
  if (!replyCrcHolds(frame)) return { ok: false, problem: 'wrong CRC5' };
  const trailer = frame[frame.length - 1]!;
  if (!isReplyType(trailer)) return { ok: false, problem: `unknown reply type ${trailer >> 5}` };
  const tail = frame.length === 11 ? (frame[8]! << 8) | frame[9]! : null;
  if (trailer >> 5 === REPLY_TYPE.register) {
    return { ok: true, reply: { kind: 'register', value: readU32BE(frame, 2), chipAddress: frame[6]!, register: frame[7]!, extra: tail } };
  }
  return {
    ok: true,
    reply: { kind: 'nonce', nonce: readU32LE(frame, 2), position: readU32BE(frame, 2), excess: frame[6]!, jobByte: frame[7]!, versionField: tail },
  };
}
