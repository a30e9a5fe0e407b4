/**
 * Requests of the bitaxe-raw control port: `LEN_lo LEN_hi ID BUS PAGE CMD data...`, LEN = whole packet, BUS 00. The
 * firmware forgets a packet that is not complete within 4 ms, so each must be written with one call. Hardware reference 11.
 */
import { checkByte } from '../bm13xx/bytes-check.ts';

export const REQUEST_HEADER_BYTES = 6;
/** What the firmware's buffer holds. */
export const LONGEST_REQUEST_BYTES = 4096;
/** The firmware answers a request it could not read with this id, so it is never used for a request. */
export const NO_REQUEST_ID = 0xff;

/** Command pages. Page 09 means different things to different firmware: see `firmware.ts`. */
export const PAGE = { system: 0x00, i2c: 0x05, gpio: 0x06, adc: 0x07, led: 0x08, nine: 0x09 } as const;

/** What to ask, and what a right answer looks like. Made by the functions of `commands.ts`. */
export interface Command {
  readonly page: number;
  readonly command: number;
  readonly data: Uint8Array;
  /** Data bytes of a right answer; null = not known, or there is none to wait for (`answered` false). */
  readonly replyBytes: number | null;
  /** level: the answer is 00 or 01. any: any byte. Tells a one-byte answer from a one-byte error. */
  readonly replyValues: 'level' | 'any';
  /** false: the board restarts instead of answering. */
  readonly answered: boolean;
}

export interface Request {
  readonly id: number;
  readonly bus: number;
  readonly page: number;
  readonly command: number;
  readonly data: Uint8Array;
}

/** The packet of a request. @throws RangeError when a field does not fit */
export function encodeRequest(id: number, command: Pick<Command, 'page' | 'command' | 'data'>): Uint8Array {
  checkByte(id, 'a request id');
  checkByte(command.page, 'a page');
  checkByte(command.command, 'a command');
  const length = REQUEST_HEADER_BYTES + command.data.length;
  if (length > LONGEST_REQUEST_BYTES) throw new RangeError(`a request has at most ${LONGEST_REQUEST_BYTES} bytes, not ${length}`);
  const packet = new Uint8Array(length);
  packet.set([length & 0xff, length >> 8, id, 0, command.page, command.command]);
  packet.set(command.data, REQUEST_HEADER_BYTES);
  return packet;
}

/** The request in a packet; null when its length is not the one it tells. */
export function decodeRequest(packet: Uint8Array): Request | null {
  if (packet.length < REQUEST_HEADER_BYTES || (packet[0]! | (packet[1]! << 8)) !== packet.length) return null;
  return { id: packet[2]!, bus: packet[3]!, page: packet[4]!, command: packet[5]!, data: packet.slice(REQUEST_HEADER_BYTES) };
}
