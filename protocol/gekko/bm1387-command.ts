/**
 * BM1387 commands (NewPac, R606): as BM13xx without the preamble, with headers of its own, CRC5 over all that precedes
 * it. 41 set address, 48/58 write one/all, 44/54 read one/all, 55 chain inactive. Hardware reference 9.
 */
import { checkByte, checkU32 } from '../bm13xx/bytes-check.ts';
import { crc5 } from '../bm13xx/crc5.ts';
import { readU32BE, writeU32BE } from '../common/bytes.ts';

const SET_ADDRESS = 0x41;
const WRITE = 0x48;
const READ = 0x44;
const CHAIN_INACTIVE = 0x55;
const TO_ALL = 0x10;
const SHORT_BYTES = 5;
const LONG_BYTES = 9;

export const BM1387_REGISTER = { chipId: 0x00, pll: 0x0c, miscControl: 0x1c } as const;

export type Bm1387Command =
  | { readonly kind: 'chain-inactive' }
  /** Goes to the first chip without an address. */
  | { readonly kind: 'set-address'; readonly address: number }
  /** `address` null: all chips. */
  | { readonly kind: 'write'; readonly address: number | null; readonly register: number; readonly value: number }
  | { readonly kind: 'read'; readonly address: number | null; readonly register: number };

/** The bytes of a command. @throws RangeError when a field does not fit */
export function encodeBm1387Command(command: Bm1387Command): Uint8Array {
  switch (command.kind) {
    case 'chain-inactive':
      return frame(CHAIN_INACTIVE, 0, 0, null);
    case 'set-address':
      return frame(SET_ADDRESS, command.address, 0, null);
    case 'write':
      checkU32(command.value, 'a register value');
      return frame(header(WRITE, command.address), command.address ?? 0, command.register, command.value);
    case 'read':
      return frame(header(READ, command.address), command.address ?? 0, command.register, null);
  }
}

function header(one: number, address: number | null): number {
  return address === null ? one | TO_ALL : one;
}

function frame(head: number, address: number, register: number, value: number | null): Uint8Array {
  checkByte(address, 'a chip address');
  checkByte(register, 'a register');
  const length = value === null ? SHORT_BYTES : LONG_BYTES;
  const bytes = new Uint8Array(length);
  bytes.set([head, length, address, register]);
  if (value !== null) writeU32BE(bytes, value, 4);
  bytes[length - 1] = crc5(bytes, 0, length - 1);
  return bytes;
}

/** The command in a frame; null when its length, CRC or header is wrong. */
export function decodeBm1387Command(bytes: Uint8Array): Bm1387Command | null {
  if ((bytes.length !== SHORT_BYTES && bytes.length !== LONG_BYTES) || bytes[1] !== bytes.length) return null;
  if (bytes.at(-1) !== crc5(bytes, 0, bytes.length - 1)) return null;
  const [head, , target, register] = bytes as unknown as [number, number, number, number];
  const address = (head & TO_ALL) === 0 ? target : null;
  if (bytes.length === LONG_BYTES) return (head & ~TO_ALL) === WRITE ? { kind: 'write', address, register, value: readU32BE(bytes, 4) } : null;
  if (head === CHAIN_INACTIVE) return { kind: 'chain-inactive' };
  if (head === SET_ADDRESS) return { kind: 'set-address', address: target };
  return (head & ~TO_ALL) === READ ? { kind: 'read', address, register } : null;
}

/**
 * Misc control value that sets the speed of the serial line: 25 MHz / 8 / (divider + 1).
 * @param gateBlocks closes the clock of idle blocks too; sent once more so after the change of speed
 * @throws RangeError when the divider is not 0 .. 31
 */
export function bm1387MiscControl(baudDivider: number, gateBlocks = false): number {
  if (!Number.isInteger(baudDivider) || baudDivider < 0 || baudDivider > 31) throw new RangeError(`a baud divider is 0 .. 31, not ${baudDivider}`);
  return gateBlocks ? 0x4020_8080 | (baudDivider << 8) : 0x0020_0000 | (baudDivider << 8);
}

/** Baud that a divider gives on the chip's side; the FTDI bridge's nearest for divider 1 is 1,500,000. */
export function bm1387Baud(baudDivider: number): number {
  return 25_000_000 / 8 / (baudDivider + 1);
}
