/** ZMTP frames: a flags byte, a size of one or eight bytes, a body (RFC 37/ZMTP section "Framing"). */
import { concatBytes, readU32BE, writeU32BE } from '../common/bytes.ts';

const MORE = 1;
const LONG = 2;
const COMMAND = 4;

export interface Frame {
  readonly command: boolean;
  /** Another frame of the same message follows. */
  readonly more: boolean;
  readonly body: Uint8Array;
}

/** Bytes of one frame. */
export function encodeFrame({ command, more, body }: Frame): Uint8Array {
  const flags = (command ? COMMAND : 0) | (more ? MORE : 0);
  if (body.length <= 255) return concatBytes(Uint8Array.of(flags, body.length), body);
  const head = new Uint8Array(9);
  head[0] = flags | LONG;
  writeU32BE(head, body.length, 5);
  return concatBytes(head, body);
}

/** Cuts frames out of a stream of bytes, however the stream is cut. */
export class FrameDecoder {
  readonly #maxBody: number;
  #pending: Uint8Array = new Uint8Array(0);

  /** @param maxBody longest body that is taken, bytes; a longer one is refused by its announced size, before it is stored */
  constructor(maxBody: number) {
    this.#maxBody = maxBody;
  }

  /**
   * Takes the next bytes; gives the frames they complete. The bodies are copies.
   * @throws RangeError for what is no frame; the stream cannot be read on after that
   */
  feed(chunk: Uint8Array): Frame[] {
    let rest = this.#pending.length === 0 ? chunk : concatBytes(this.#pending, chunk);
    const frames: Frame[] = [];
    for (let head = this.#head(rest); head !== null && rest.length >= head.at + head.size; head = this.#head(rest)) {
      frames.push({ command: head.command, more: head.more, body: Uint8Array.from(rest.subarray(head.at, head.at + head.size)) });
      rest = rest.subarray(head.at + head.size);
    }
    // Never more than one frame that may not be longer than the limit, and never a view of the caller's bytes.
    this.#pending = Uint8Array.from(rest);
    return frames;
  }

  /** The frame that the bytes begin with; null when they do not reach to its body. */
  #head(bytes: Uint8Array): { command: boolean; more: boolean; at: number; size: number } | null {
    const flags = bytes[0];
    if (flags === undefined) return null;
    if (flags > (COMMAND | LONG | MORE) || (flags & (COMMAND | MORE)) === (COMMAND | MORE)) throw new RangeError(`0x${flags.toString(16)} are not the flags of a ZMTP frame`);
    const long = (flags & LONG) !== 0;
    if (bytes.length < (long ? 9 : 2)) return null;
    const size = long ? readU32BE(bytes, 1) * 2 ** 32 + readU32BE(bytes, 5) : bytes[1]!;
    if (size > this.#maxBody) throw new RangeError(`a frame of ${size} bytes, ${this.#maxBody} at most`);
    return { command: (flags & COMMAND) !== 0, more: (flags & MORE) !== 0, at: long ? 9 : 2, size };
  }
}
