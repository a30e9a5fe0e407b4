/**
 * Commands to BM13xx chips: `55 AA | header | length | body | CRC5`. Header bits 6-5 are the type (2 command), bit 4
 * addresses all chips, bits 3-0 say what to do. `length` counts header to CRC. Hardware reference 1.1.
 */
import { readU32BE, writeU32BE } from '../common/bytes.ts';
import { checkByte, checkU32 } from './bytes-check.ts';
import { crc5 } from './crc5.ts';

export const COMMAND_PREAMBLE = [0x55, 0xaa] as const;

const SET_ADDRESS = 0x40;
const WRITE = 0x41;
const READ = 0x42;
const CHAIN_INACTIVE = 0x53;
const TO_ALL = 0x10;

/** Bytes on the wire of the two sizes of command. */
export const SHORT_COMMAND_BYTES = 7;
export const LONG_COMMAND_BYTES = 11;

/** Which chip a command is for. */
export type Target = 'all' | { readonly chipAddress: number };

export const ALL_CHIPS: Target = 'all';

export type Command =
  | { readonly kind: 'set-address'; readonly chipAddress: number }
  | { readonly kind: 'write'; readonly target: Target; readonly register: number; readonly value: number }
  | { readonly kind: 'read'; readonly target: Target; readonly register: number }
  | { readonly kind: 'chain-inactive' };

function frame(header: number, length: number, address: number, second: number, value: number | null): Uint8Array {
  const bytes = new Uint8Array(length + 2);
  bytes.set([...COMMAND_PREAMBLE, header, length, address, second]);
  if (value !== null) writeU32BE(bytes, value, 6);
  bytes[bytes.length - 1] = crc5(bytes, 2, bytes.length - 1);
  return bytes;
}

function addressOf(target: Target): number {
  if (target === 'all') return 0;
  checkByte(target.chipAddress, 'a chip address');
  return target.chipAddress;
}

/** Gives the address to the first chip of the chain that has none yet. @throws RangeError unless it is one byte */
export function encodeSetAddress(chipAddress: number): Uint8Array {
  checkByte(chipAddress, 'a chip address');
  return frame(SET_ADDRESS, 5, chipAddress, 0, null);
}

/** Writes a register, value most significant byte first. @throws RangeError when register or value do not fit */
export function encodeWrite(target: Target, register: number, value: number): Uint8Array {
  checkByte(register, 'a register');
  checkU32(value, 'a register value');
  return frame(target === 'all' ? WRITE | TO_ALL : WRITE, 9, addressOf(target), register, value);
}

/** Asks for a register; every chip addressed answers. @throws RangeError when the register is not one byte */
export function encodeRead(target: Target, register: number): Uint8Array {
  checkByte(register, 'a register');
  return frame(target === 'all' ? READ | TO_ALL : READ, 5, addressOf(target), register, null);
}

/** Makes every chip of the chain forget its address, so that addresses can be given out one after the other. */
export function encodeChainInactive(): Uint8Array {
  return frame(CHAIN_INACTIVE, 5, 0, 0, null);
}

/** The frame of any command. */
export function encodeCommand(command: Command): Uint8Array {
  switch (command.kind) {
    case 'set-address':
      return encodeSetAddress(command.chipAddress);
    case 'write':
      return encodeWrite(command.target, command.register, command.value);
    case 'read':
      return encodeRead(command.target, command.register);
    case 'chain-inactive':
      return encodeChainInactive();
  }
}

export type CommandResult = { readonly ok: true; readonly command: Command } | { readonly ok: false; readonly problem: string };

/** What a command frame says, preamble and CRC included. Never throws: a frame that is none comes back as a problem. */
export function decodeCommand(bytes: Uint8Array): CommandResult {
  if (bytes.length !== SHORT_COMMAND_BYTES && bytes.length !== LONG_COMMAND_BYTES) return { ok: false, problem: `a command has 7 or 11 bytes, not ${bytes.length}` };
  if (bytes[0] !== 0x55 || bytes[1] !== 0xaa) return { ok: false, problem: 'no preamble 55 AA' };
  if (bytes.at(-1) !== crc5(bytes, 2, bytes.length - 1)) return { ok: false, problem: 'wrong CRC5' };
  const [, , header, length, address, second] = bytes as unknown as [number, number, number, number, number, number];
  if (length !== bytes.length - 2) return { ok: false, problem: `length byte ${length} in a frame of ${bytes.length} bytes` };
  const target: Target = (header & TO_ALL) !== 0 ? 'all' : { chipAddress: address };
  const long = bytes.length === LONG_COMMAND_BYTES;
  switch (header & ~TO_ALL) {
    case SET_ADDRESS:
      if (!long) return { ok: true, command: { kind: 'set-address', chipAddress: address } };
      break;
    case WRITE:
      if (long) return { ok: true, command: { kind: 'write', target, register: second, value: readU32BE(bytes, 6) } };
      break;
    case READ:
      if (!long) return { ok: true, command: { kind: 'read', target, register: second } };
      break;
    case CHAIN_INACTIVE & ~TO_ALL:
      if (!long) return { ok: true, command: { kind: 'chain-inactive' } };
      break;
  }
  return { ok: false, problem: `unknown command header ${header.toString(16)} with length ${length}` };
}
