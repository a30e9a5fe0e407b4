/**
 * Replies of the control port. Three framings of `LEN_lo LEN_hi ID ...` are in the field (hardware reference 11):
 *
 *     v0       LEN = data bytes (frame = LEN + 3): data. Errors: LEN = frame, then the code: a reader that believes LEN waits for ever
 *     v1       LEN = frame: STATUS data. Status 00 is right, any other an error
 *     bonanza  LEN = frame: data. One byte of 10 .. 13 is an error
 *
 * Errors that carry a text begin with ff. A request that the firmware could not read is answered with id ff.
 */
import type { ReplyFormat } from './firmware.ts';
import { NO_REQUEST_ID } from './request.ts';
import type { Command } from './request.ts';

export type ReplyError = 'timeout' | 'invalid_command' | 'buffer_overflow' | 'denied' | 'fault' | 'other';

export type Reply =
  /** `maybeError`: its one byte could also be an error code (Bonanza): ask for two bytes where it matters. */
  | { readonly kind: 'ok'; readonly id: number; readonly data: Uint8Array; readonly maybeError: boolean }
  | { readonly kind: 'error'; readonly id: number; readonly error: ReplyError; readonly text: string | null };

/** What is waited for. */
export interface Expected extends Pick<Command, 'replyBytes' | 'replyValues'> {
  readonly id: number;
}

/** Longest frame: 256 bytes of data, or of error text, and the header. */
export const LONGEST_REPLY_BYTES = 260;
const TEXT = 0xff;

const V0_V1_ERRORS: ReadonlyMap<number, ReplyError> = new Map([[0x10, 'timeout'], [0x11, 'invalid_command'], [0x12, 'buffer_overflow']]);
const BONANZA_ERRORS: ReadonlyMap<number, ReplyError> = new Map([[0x10, 'timeout'], [0x11, 'invalid_command'], [0x12, 'denied'], [0x13, 'fault']]);

/** A whole reply of `length` bytes, the need for more bytes, or that no reply begins here. */
export type Look = { readonly kind: 'reply'; readonly reply: Reply; readonly length: number } | { readonly kind: 'more' } | { readonly kind: 'none' };

const MORE: Look = { kind: 'more' };
const NONE: Look = { kind: 'none' };

/**
 * Looks for a reply at `at`.
 * @param expected what is waited for; null: any id and any length (captures)
 * @param silent no further bytes will come: a v0 frame that stopped after an error code is an error
 */
export function lookAtReply(format: ReplyFormat, bytes: Uint8Array, at: number, expected: Expected | null, silent: boolean): Look {
  const available = bytes.length - at;
  if (available >= 3 && expected !== null && bytes[at + 2] !== expected.id && bytes[at + 2] !== NO_REQUEST_ID) return NONE;
  if (available < 2) return MORE;
  const told = bytes[at]! | (bytes[at + 1]! << 8);
  if (told > LONGEST_REPLY_BYTES || (format !== 'v0' && told < (format === 'v1' ? 4 : 3))) return NONE;
  if (available < 3) return MORE;
  const frame = (length: number): Uint8Array => bytes.subarray(at, at + length);
  // Without a request that was understood there is only an error to tell.
  const replyBytes = expected !== null && bytes[at + 2] !== expected.id ? -1 : (expected?.replyBytes ?? null);
  switch (format) {
    case 'v0':
      return lookV0(frame(available), told, replyBytes, silent);
    case 'v1':
      return lookV1(frame(available), told, replyBytes);
    case 'bonanza':
      return lookBonanza(frame(available), told, replyBytes, expected?.replyValues ?? 'any');
  }
}

function fits(replyBytes: number | null, dataBytes: number): boolean {
  return replyBytes === null || replyBytes === dataBytes;
}

function lookV0(bytes: Uint8Array, told: number, replyBytes: number | null, silent: boolean): Look {
  const mayBeOk = fits(replyBytes, told);
  // An error frame has a code behind the id, and a text only behind ff.
  const code = bytes[3];
  const mayBeError = told >= 4 && (code === undefined || code === TEXT || (told === 4 && V0_V1_ERRORS.has(code)));
  if (mayBeOk && bytes.length >= told + 3) return ok(bytes, 3, told + 3);
  if (!mayBeError) return mayBeOk ? MORE : NONE;
  if (bytes.length < told) return MORE;
  return !mayBeOk || (silent && bytes.length === told) ? failed(bytes, told, V0_V1_ERRORS) : MORE;
}

function lookV1(bytes: Uint8Array, told: number, replyBytes: number | null): Look {
  const status = bytes[3];
  if (status === undefined) return MORE;
  const isOk = status === 0 && fits(replyBytes, told - 4);
  if (!isOk && status !== TEXT && !(told === 4 && V0_V1_ERRORS.has(status))) return NONE;
  if (bytes.length < told) return MORE;
  return isOk ? ok(bytes, 4, told) : failed(bytes, told, V0_V1_ERRORS);
}

function lookBonanza(bytes: Uint8Array, told: number, replyBytes: number | null, values: Command['replyValues']): Look {
  if (bytes.length < Math.min(told, 4)) return MORE;
  const isCode = told === 4 && BONANZA_ERRORS.has(bytes[3]!);
  const isText = told > 4 && bytes[3] === TEXT;
  const isOk = fits(replyBytes, told - 3);
  if (!isOk && !isCode && !isText) return NONE;
  if (bytes.length < told) return MORE;
  // One byte was asked for and it looks like a code: a level cannot be one, a register can.
  if (isCode && isOk && replyBytes === 1 && values === 'any') return ok(bytes, 3, told, true);
  if (isCode || (isText && (!isOk || replyBytes === null))) return failed(bytes, told, BONANZA_ERRORS);
  return ok(bytes, 3, told);
}

function ok(bytes: Uint8Array, dataAt: number, length: number, maybeError = false): Look {
  return { kind: 'reply', length, reply: { kind: 'ok', id: bytes[2]!, data: bytes.slice(dataAt, length), maybeError } };
}

const UTF8 = new TextDecoder('utf-8');

function failed(bytes: Uint8Array, length: number, errors: ReadonlyMap<number, ReplyError>): Look {
  const code = bytes[3]!;
  const text = code === TEXT && length > 4 ? UTF8.decode(bytes.subarray(4, length)) : null;
  return { kind: 'reply', length, reply: { kind: 'error', id: bytes[2]!, error: errors.get(code) ?? 'other', text } };
}

/** Decodes exactly one whole frame, for captures; null when it is none. A v0 error of 4 bytes is told by its size. */
export function decodeReply(format: ReplyFormat, frame: Uint8Array): Reply | null {
  const look = lookAtReply(format, frame, 0, null, true);
  return look.kind === 'reply' && look.length === frame.length ? look.reply : null;
}
