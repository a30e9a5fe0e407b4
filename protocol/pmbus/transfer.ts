/** The bytes of SMBus transfers on the I2C bus: what to write, and how to read an answer. Words travel low byte first. */
import { PMBUS_FORBIDDEN } from './commands.ts';
import type { PmbusCommand } from './commands.ts';
import { decodeLinear11, encodeLinear11, encodeLinear11Integer } from './linear11.ts';
import { decodeUlinear16, encodeUlinear16 } from './vout-mode.ts';

function checkAllowed(code: number): void {
  if (!Number.isInteger(code) || code < 0 || code > 0xff) throw new RangeError(`a PMBus command is a byte, not ${code}`);
  if (PMBUS_FORBIDDEN.has(code)) throw new RangeError(`PMBus command ${code.toString(16)} writes non-volatile memory and is never sent`);
}

/** Bytes that send a command without data. @throws RangeError when it is forbidden */
export function pmbusSend(code: number): Uint8Array {
  checkAllowed(code);
  return Uint8Array.of(code);
}

/** Bytes that write one byte. @throws RangeError when the command is forbidden or the value not a byte */
export function pmbusWriteByte(code: number, value: number): Uint8Array {
  checkAllowed(code);
  if (!Number.isInteger(value) || value < 0 || value > 0xff) throw new RangeError(`${value} is not a byte`);
  return Uint8Array.of(code, value);
}

/** Bytes that write one word. @throws RangeError when the command is forbidden or the value not an unsigned 16-bit integer */
export function pmbusWriteWord(code: number, value: number): Uint8Array {
  checkAllowed(code);
  if (!Number.isInteger(value) || value < 0 || value > 0xffff) throw new RangeError(`${value} is not a word`);
  return Uint8Array.of(code, value & 0xff, value >> 8);
}

/** Bytes that write a block of 1 .. 32 bytes, its length first. @throws RangeError when the command is forbidden or the length is another */
export function pmbusWriteBlock(code: number, data: Uint8Array): Uint8Array {
  checkAllowed(code);
  if (data.length < 1 || data.length > 32) throw new RangeError(`an SMBus block has 1 .. 32 bytes, not ${data.length}`);
  return Uint8Array.of(code, data.length, ...data);
}

/**
 * Bytes that write a number in the command's own format; bytes and raw words as they are.
 * @param voutExponent exponent that VOUT_MODE tells
 * @throws RangeError when the command is forbidden, takes no number, or the number does not fit
 */
export function pmbusWriteNumber(command: PmbusCommand, value: number, voutExponent: number): Uint8Array {
  if (command.kind === 'byte') return pmbusWriteByte(command.code, value);
  if (command.kind !== 'word') throw new RangeError(`PMBus command ${command.code.toString(16)} takes no number`);
  return pmbusWriteWord(command.code, wordOf(command, value, voutExponent));
}

function wordOf(command: PmbusCommand, value: number, voutExponent: number): number {
  switch (command.format) {
    case 'raw':
      return value;
    case 'linear11':
      return encodeLinear11(value);
    case 'linear11-integer':
      return encodeLinear11Integer(value);
    case 'vout':
    case 'ratio':
      return encodeUlinear16(value, voutExponent);
  }
}

/** How many bytes to read for a command; null for a block, whose first byte says it, and 0 for a command without data. */
export function pmbusReadLength(command: PmbusCommand): number | null {
  if (command.kind === 'block') return null;
  return command.kind === 'word' ? 2 : command.kind === 'byte' ? 1 : 0;
}

/** The number in an answer, in the command's unit; null when the answer has not the length the command has. */
export function pmbusReadNumber(command: PmbusCommand, answer: Uint8Array, voutExponent: number): number | null {
  if (command.kind === 'byte') return answer.length === 1 ? answer[0]! : null;
  if (command.kind !== 'word' || answer.length !== 2) return null;
  const word = answer[0]! | (answer[1]! << 8);
  switch (command.format) {
    case 'raw':
      return word;
    case 'linear11':
    case 'linear11-integer':
      return decodeLinear11(word);
    case 'vout':
    case 'ratio':
      return decodeUlinear16(word, voutExponent);
  }
}

/** The data of a block answer `length data...`; null when it holds fewer bytes than it says. */
export function pmbusReadBlock(answer: Uint8Array): Uint8Array | null {
  const length = answer[0];
  return length === undefined || answer.length < 1 + length ? null : answer.slice(1, 1 + length);
}
