/**
 * Replies of the Icarus family: the 4 nonce bytes as they stand in the header, on some devices followed by more; no
 * preamble, no check. A device says nothing when its range holds no solution of difficulty 1.
 */
import { readU32LE } from '../common/bytes.ts';

/** 4: Block Erupter, Icarus, Lancelot. 5: Antminer U1-U3. 8: Rockminer. */
export type IcarusReplyBytes = 4 | 5 | 8;

export interface IcarusReply {
  /** The number whose little-endian bytes stand in the header. */
  readonly nonce: number;
  /** What follows the nonce. Antminer: one byte, bit 7 and the work id. */
  readonly extra: Uint8Array;
}

/** Decodes a reply; null when it is shorter than a nonce. */
export function decodeIcarusReply(bytes: Uint8Array): IcarusReply | null {
  if (bytes.length < 4) return null;
  return { nonce: readU32LE(bytes), extra: bytes.slice(4) };
}

/** The bytes of a reply. */
export function encodeIcarusReply(nonce: number, extra: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(4 + extra.length);
  new DataView(bytes.buffer).setUint32(0, nonce, true);
  bytes.set(extra, 4);
  return bytes;
}

/** Work id of an Antminer reply: the low 7 bits of the byte after the nonce; null where there is none. */
export function antminerWorkId(reply: IcarusReply): number | null {
  const id = reply.extra[0];
  return id === undefined ? null : id & 0x7f;
}

/**
 * A line that has been silent this long, in ms, is between two replies: 8 bytes take 0.7 ms at 115200 baud, and a USB
 * bridge holds bytes back for up to 16 ms.
 */
export const ICARUS_GAP_MS = 40;

/**
 * Cuts received bytes into replies. Nothing in a reply tells where it begins, so silence does: the owner of the port calls
 * `gap` after `ICARUS_GAP_MS` without bytes, and what is left of a broken reply is dropped. Without that call one lost
 * byte would shift every later reply.
 */
export class IcarusFramer {
  readonly #held: Uint8Array;
  #length = 0;

  constructor(replyBytes: IcarusReplyBytes) {
    this.#held = new Uint8Array(replyBytes);
  }

  /** Takes the next bytes and returns the replies they complete. */
  push(chunk: Uint8Array): IcarusReply[] {
    const replies: IcarusReply[] = [];
    for (const byte of chunk) {
      this.#held[this.#length++] = byte;
      if (this.#length < this.#held.length) continue;
      replies.push(decodeIcarusReply(this.#held)!);
      this.#length = 0;
    }
    return replies;
  }

  /** The line has been silent: what comes next begins a reply. Returns how many bytes of a broken one were dropped. */
  gap(): number {
    const dropped = this.#length;
    this.#length = 0;
    return dropped;
  }
}
