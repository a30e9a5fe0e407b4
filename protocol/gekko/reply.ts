/**
 * Replies of BM1384 (5 bytes) and BM1387 (7 bytes), neither with a preamble.
 *
 *     BM1384  register: v3 v2 v1 v0 crc          nonce: n0 n1 n2 n3 80|id
 *     BM1387  register: v3 v2 v1 v0 addr reg crc nonce: n0 n1 n2 n3 mid id 80|crc
 *
 * Of BM1387 some descriptions have address and register in a register reply; the makers' driver of the sticks believes only
 * frequencies where both bytes are 0. So what a value means is better read off the value.
 * The CRC5 of a register reply covers the type bits too: run over all bytes it comes out as 0. A BM1384 nonce has no CRC.
 * Whether that of a BM1387 nonce always holds is told by no source: it is reported, not asked for. Nonce bytes stand in
 * the header as they come.
 */
import { crc5 } from '../bm13xx/crc5.ts';
import { readU32BE, readU32LE } from '../common/bytes.ts';

export type GekkoChip = 'BM1384' | 'BM1387';

export const GEKKO_REPLY_BYTES: Record<GekkoChip, number> = { BM1384: 5, BM1387: 7 };

export interface GekkoRegisterReply {
  readonly kind: 'register';
  readonly value: number;
  /** null where the reply does not tell (BM1384). */
  readonly chipAddress: number | null;
  readonly register: number | null;
}

export interface GekkoNonceReply {
  readonly kind: 'nonce';
  /** The number whose little-endian bytes stand in the header. */
  readonly nonce: number;
  /** The same bytes read most significant first: the chip is in the top bits. */
  readonly position: number;
  /** BM1384: the job id. BM1387: job id + midstate slot. */
  readonly idByte: number;
  /** BM1384: has none, null. */
  readonly crcHolds: boolean | null;
}

export type GekkoReply = GekkoRegisterReply | GekkoNonceReply;

/**
 * A CRC of five bits holds for one wrong frame in 32, and without a preamble there are many wrong frames. So a register
 * reply must also look like one that can be asked for: BM1384 answers with its id (13 84) or its frequency (80); the
 * registers of BM1387 have addresses in steps of 4 below 80.
 */
const BM1384_VALUES: readonly number[] = [0x13, 0x80];

function isRegister(address: number): boolean {
  return address < 0x80 && address % 4 === 0;
}

/** The reply in exactly one reply's bytes; null when it can be neither kind. */
export function decodeGekkoReply(chip: GekkoChip, bytes: Uint8Array): GekkoReply | null {
  if (bytes.length !== GEKKO_REPLY_BYTES[chip]) return null;
  const trailer = bytes.at(-1)!;
  const crcHolds = crc5(bytes) === 0;
  const type = trailer >> 5;
  if (type === 0) {
    const told = chip === 'BM1387';
    if (!crcHolds || !(told ? isRegister(bytes[5]!) : BM1384_VALUES.includes(bytes[0]!))) return null;
    return { kind: 'register', value: readU32BE(bytes), chipAddress: told ? bytes[4]! : null, register: told ? bytes[5]! : null };
  }
  if (type !== 4) return null;
  const idByte = chip === 'BM1384' ? trailer & 0x1f : bytes[5]!;
  // Ids of BM1387 have 7 bits: another bit is a frame that begins elsewhere.
  if (idByte > 0x7f) return null;
  return { kind: 'nonce', nonce: readU32LE(bytes), position: readU32BE(bytes), idByte, crcHolds: chip === 'BM1384' ? null : crcHolds };
}

/** True for the register reply of a chip to "who are you": its value begins with 13 84, 13 87 and so on. */
export function isChipId(reply: GekkoReply, chip: GekkoChip): boolean {
  return reply.kind === 'register' && reply.value >>> 16 === (chip === 'BM1384' ? 0x1384 : 0x1387);
}

/** Index in the chain of the chip that found a nonce: chips share the nonces evenly by their top bits. */
export function chipOfNonce(reply: GekkoNonceReply, chips: number): number {
  return Math.min(chips - 1, Math.floor((reply.position >>> 24) / (256 / chips)));
}

/** True for a nonce that proves itself: a register reply, or a nonce with a CRC that holds. */
export function provesItself(reply: GekkoReply): boolean {
  return reply.kind === 'register' || reply.crcHolds === true;
}
