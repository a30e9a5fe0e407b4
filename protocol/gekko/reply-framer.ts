/**
 * Finds replies in what a BM1384 or BM1387 chain sends. There is no preamble, so alignment comes from three places: the
 * start, silence (`gap`, the sure one) and replies whose CRC holds. While aligned, every reply that can be one is taken.
 * After a byte that fits nowhere, one is dropped at a time until a reply proves itself by its CRC, or two in a row look
 * right; that may let a wrong nonce through, which the host's own hashing refuses.
 */
import { concatBytes } from '../common/bytes.ts';
import { decodeGekkoReply, GEKKO_REPLY_BYTES, provesItself } from './reply.ts';
import type { GekkoChip, GekkoReply } from './reply.ts';

export interface GekkoFramerResult {
  readonly replies: GekkoReply[];
  /** Bytes given up because no reply began there. */
  readonly skippedBytes: number;
}

export class GekkoReplyFramer {
  readonly #chip: GekkoChip;
  readonly #size: number;
  /** Less than two replies between calls. */
  #held: Uint8Array = new Uint8Array(0);
  #aligned = true;

  constructor(chip: GekkoChip) {
    this.#chip = chip;
    this.#size = GEKKO_REPLY_BYTES[chip];
  }

  /** Takes the next bytes, in any cut, and returns the replies they complete. */
  push(chunk: Uint8Array): GekkoFramerResult {
    const bytes = concatBytes(this.#held, chunk);
    const replies: GekkoReply[] = [];
    let skippedBytes = 0;
    let at = 0;
    while (bytes.length - at >= this.#size) {
      const reply = this.#replyAt(bytes, at);
      if (reply !== null && (this.#aligned || provesItself(reply))) {
        this.#aligned = true;
      } else if (reply !== null) {
        // Not aligned and nothing to prove it: believed when another follows at the right distance.
        if (bytes.length - at < 2 * this.#size) break;
        this.#aligned = this.#replyAt(bytes, at + this.#size) !== null;
      } else {
        this.#aligned = false;
      }
      if (reply !== null && this.#aligned) {
        replies.push(reply);
        at += this.#size;
      } else {
        at += 1;
        skippedBytes += 1;
      }
    }
    this.#held = bytes.slice(at);
    return { replies, skippedBytes };
  }

  /**
   * The line has been silent for longer than a reply takes: the next byte begins one. What is held ends a reply, if
   * anything: its last bytes are taken when they can be one.
   */
  gap(): GekkoFramerResult {
    const held = this.#held;
    const last = held.length >= this.#size ? this.#replyAt(held, held.length - this.#size) : null;
    this.#held = new Uint8Array(0);
    this.#aligned = true;
    return { replies: last === null ? [] : [last], skippedBytes: last === null ? held.length : held.length - this.#size };
  }

  #replyAt(bytes: Uint8Array, at: number): GekkoReply | null {
    return decodeGekkoReply(this.#chip, bytes.subarray(at, at + this.#size));
  }
}
