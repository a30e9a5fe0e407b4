/** The serial line as a chip sees it: frames that come in, and the shape of what goes back (reference 1.1 to 1.4). */
import { concatBytes } from '../../protocol/common/bytes.ts';
import { crc16Of, crc5Of, shiftCrc5 } from './crc.ts';
import type { ChipModel } from './models.ts';

export type HostFrame =
  | { readonly kind: 'set address'; readonly address: number }
  | { readonly kind: 'write'; readonly all: boolean; readonly address: number; readonly register: number; readonly value: number }
  | { readonly kind: 'read'; readonly all: boolean; readonly address: number; readonly register: number }
  | { readonly kind: 'inactive' }
  /** Everything between the length byte and the CRC. */
  | { readonly kind: 'job'; readonly data: Uint8Array };

/** Longest frame there is: a job with four midstates. */
const LONGEST = 152;

/** Collects what the host sends. Frames whose checksum is wrong are not for any chip. */
export class HostFrames {
  readonly #model: ChipModel;
  #held: Uint8Array = new Uint8Array(0);
  /** Bytes that belonged to no good frame. */
  bytesIgnored = 0;

  constructor(model: ChipModel) {
    this.#model = model;
  }

  /** Forgets a frame that has begun. */
  clear(): void {
    this.#held = new Uint8Array(0);
  }

  push(chunk: Uint8Array): HostFrame[] {
    const bytes = concatBytes(this.#held, chunk);
    const frames: HostFrame[] = [];
    let at = 0;
    while (at < bytes.length) {
      const rest = bytes.subarray(at);
      const length = this.#lengthOf(rest);
      if (length === null) break;
      const frame = length === 0 ? null : decode(rest.subarray(0, length));
      if (frame === null) this.bytesIgnored++;
      else frames.push(frame);
      at += frame === null ? 1 : length;
    }
    this.#held = bytes.slice(Math.max(at, bytes.length - LONGEST));
    return frames;
  }

  /** Length of the frame that may begin here: 0 when none does, null when more bytes have to come. */
  #lengthOf(rest: Uint8Array): number | null {
    if (rest[0] !== 0x55 || (rest.length > 1 && rest[1] !== 0xaa)) return 0;
    if (rest.length < 4) return null;
    const header = rest[2] as number;
    const said = rest[3] as number;
    const length = header === 0x21 ? this.#jobLength(said) : said === 5 || said === 9 ? said + 2 : 0;
    return length > rest.length ? null : length;
  }

  /** A full-header job has one size, whatever its length byte says; a midstate job says how many slots it has. */
  #jobLength(said: number): number {
    if (this.#model.job === 'header') return 88;
    const slots = (said - 22) / 32;
    return Number.isInteger(slots) && slots >= 1 && slots <= 4 ? said + 2 : 0;
  }
}

function decode(frame: Uint8Array): HostFrame | null {
  const header = frame[2] as number;
  const end = frame.length;
  if (header === 0x21) {
    const sent = ((frame[end - 2] as number) << 8) | (frame[end - 1] as number);
    return crc16Of(frame.subarray(2, end - 2)) === sent ? { kind: 'job', data: frame.slice(4, end - 2) } : null;
  }
  if (crc5Of(frame.subarray(2, end - 1)) !== frame[end - 1]) return null;
  const all = (header & 0x10) !== 0;
  const address = frame[4] as number;
  const register = frame[5] as number;
  if ((header & 0xe0) !== 0x40) return null;
  switch (header & 0x0f) {
    case 0:
      return end === 7 ? { kind: 'set address', address } : null;
    case 1:
      return end === 11 ? { kind: 'write', all, address, register, value: new DataView(frame.buffer, frame.byteOffset).getUint32(6) } : null;
    case 2:
      return end === 7 ? { kind: 'read', all, address, register } : null;
    case 3:
      return end === 7 ? { kind: 'inactive' } : null;
    default:
      return null;
  }
}

/** Wraps the body of a reply. */
function reply(type: 0 | 4, body: readonly number[]): Uint8Array {
  return Uint8Array.of(0xaa, 0x55, ...body, trailer(type, body));
}

/** The last byte of a reply: its type (0 a register, 4 a nonce), and a checksum that covers the type too. */
export function trailer(type: 0 | 4, body: readonly number[]): number {
  return (type << 5) | shiftCrc5(crc5Of(Uint8Array.from(body)), type, 3);
}

/** Most significant first. */
export const bytesOf = (value: number): number[] => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];

/** Answer to a read. */
export function registerReply(value: number, address: number, register: number, long: boolean): Uint8Array {
  return reply(0, [...bytesOf(value), address, register, ...(long ? [0, 0] : [])]);
}

/**
 * A nonce that was found.
 * @param nonce header bytes 76 to 79 read as a big-endian number
 * @param version the rolled bits, shifted down by 13; null in the short form
 */
export function nonceReply(nonce: number, excess: number, jobByte: number, version: number | null): Uint8Array {
  return reply(4, [...bytesOf(nonce), excess & 0xff, jobByte, ...(version === null ? [] : [version >>> 8, version & 0xff])]);
}
