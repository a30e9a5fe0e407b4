/**
 * Finds replies in what a chain sends. There is no length field and the CRC has five bits, so: look for AA 55, check
 * the frame of the expected length, and on failure drop ONE byte and look again. Chips are known to send a stray byte
 * now and then; a reader of fixed blocks stays misaligned for ever after that. Reference 1.4.
 */
import { concatBytes } from '../common/bytes.ts';
import { replyCrcHolds } from './crc5.ts';
import { isReplyType } from './reply.ts';

/** 9 before version rolling is on, 11 afterwards; `either` while nobody knows (a capture that begins in the middle). */
export type ReplyLength = 9 | 11 | 'either';

export interface FramerResult {
  /** Whole replies with a good CRC, preamble included, as copies. */
  readonly frames: Uint8Array[];
  /** Bytes given up in this call because no reply started there. */
  readonly skippedBytes: number;
  /** Of those, how many stood at the start of something that looked like a reply and had a wrong CRC or type. */
  readonly crcErrors: number;
}

const LONGEST = 11;

export class ReceiveFramer {
  #length: ReplyLength;
  /** Never more than 10 bytes between calls: less than a frame, or more than a frame that is still ambiguous. */
  #held: Uint8Array = new Uint8Array(0);

  constructor(length: ReplyLength) {
    this.#length = length;
  }

  /** Bytes kept for the next call. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /** From now on replies have this length (call it where register A4 is written). Bytes held are judged anew. */
  expect(length: ReplyLength): void {
    this.#length = length;
  }

  /** Forgets what is held, as after a reset or a change of speed. Returns how many bytes that were. */
  reset(): number {
    const dropped = this.#held.length;
    this.#held = new Uint8Array(0);
    return dropped;
  }

  /** Takes the next bytes, in any cut, and returns the replies they complete. */
  push(chunk: Uint8Array): FramerResult {
    return this.#scan(chunk, false);
  }

  /** The line has been silent: with `either`, a 9-byte reply that could have been the start of a longer one is taken. */
  flush(): FramerResult {
    return this.#scan(new Uint8Array(0), true);
  }

  #scan(chunk: Uint8Array, silent: boolean): FramerResult {
    const bytes = concatBytes(this.#held, chunk);
    const frames: Uint8Array[] = [];
    let skippedBytes = 0;
    let crcErrors = 0;
    let at = 0;
    while (at < bytes.length) {
      if (!startsReply(bytes, at)) {
        at += 1;
        skippedBytes += 1;
        continue;
      }
      const length = lengthAt(bytes, at, this.#length, silent);
      if (length === 'more') break;
      if (length === 'none') {
        at += 1;
        skippedBytes += 1;
        crcErrors += 1;
        continue;
      }
      frames.push(bytes.slice(at, at + length));
      at += length;
    }
    this.#held = bytes.slice(at);
    return { frames, skippedBytes, crcErrors };
  }
}

/** True when a reply can start here as far as the bytes at hand say. */
function startsReply(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0xaa) return false;
  return at + 1 >= bytes.length || bytes[at + 1] === 0x55;
}

function holds(bytes: Uint8Array, at: number, length: number): boolean {
  return replyCrcHolds(bytes, at, at + length) && isReplyType(bytes[at + length - 1]!);
}

function lengthAt(bytes: Uint8Array, at: number, expected: ReplyLength, silent: boolean): 9 | 11 | 'more' | 'none' {
  const available = bytes.length - at;
  if (expected !== 'either') {
    if (available < expected) return 'more';
    return holds(bytes, at, expected) ? expected : 'none';
  }
  if (available < 9) return 'more';
  const short = holds(bytes, at, 9);
  if (available < LONGEST) return short && silent ? 9 : 'more';
  const long = holds(bytes, at, LONGEST);
  // Both hold by accident once in 32: a preamble right behind the short form then decides.
  if (short && (!long || startsReply(bytes, at + 9))) return 9;
  return long ? LONGEST : 'none';
}
