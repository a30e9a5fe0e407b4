/**
 * BM1384 commands (Compac, 2Pac, Terminus; BM1380 and BM1382 of the Antminer U1 and U2 take the same): 4 bytes, no
 * preamble. Byte 0 is the command, bit 7 of it "all chips"; the CRC5 of the first 27 bits stands in the low bits of byte 3.
 * Hardware reference 1.2, 3 and 9.
 */
import { crc5OfBits } from '../bm13xx/crc5.ts';
import { checkByte } from '../bm13xx/bytes-check.ts';

export const BM1384_COMMAND_BYTES = 4;
const CRC_BITS = 27;

const SET_ADDRESS = 0x01;
const SET_FREQUENCY = 0x82;
const READ = 0x04;
const READ_ALL = 0x84;
const CHAIN_INACTIVE = 0x85;

/** Registers that can be read. */
export const BM1384_REGISTER = { chipAddress: 0x00, frequency: 0x04 } as const;

export type Bm1384Command =
  | { readonly kind: 'chain-inactive' }
  /** Goes to the first chip without an address. */
  | { readonly kind: 'set-address'; readonly address: number }
  /** To all chips; see `bm1384-pll.ts` for the word. */
  | { readonly kind: 'set-frequency'; readonly word: number }
  /** `address` null: all chips answer. */
  | { readonly kind: 'read'; readonly address: number | null; readonly register: number };

/** The 4 bytes of a command. @throws RangeError when a field does not fit */
export function encodeBm1384Command(command: Bm1384Command): Uint8Array {
  switch (command.kind) {
    case 'chain-inactive':
      return frame(CHAIN_INACTIVE, 0, 0);
    case 'set-address':
      return frame(SET_ADDRESS, command.address, 0);
    case 'set-frequency':
      if (!Number.isInteger(command.word) || command.word < 0 || command.word > 0xffff) throw new RangeError(`a frequency word has 16 bits, not ${command.word}`);
      return frame(SET_FREQUENCY, command.word >> 8, command.word & 0xff);
    case 'read':
      return command.address === null ? frame(READ_ALL, 0, command.register) : frame(READ, command.address, command.register);
  }
}

function frame(command: number, first: number, second: number): Uint8Array {
  checkByte(first, 'the first argument of a BM1384 command');
  checkByte(second, 'the second argument of a BM1384 command');
  const bytes = Uint8Array.of(command, first, second, 0);
  bytes[3] = crc5OfBits(bytes, CRC_BITS);
  return bytes;
}

/** The command in 4 bytes; null when the length, the CRC or the command is wrong. */
export function decodeBm1384Command(bytes: Uint8Array): Bm1384Command | null {
  const [command, first, second, check] = bytes;
  if (bytes.length !== BM1384_COMMAND_BYTES || check !== crc5OfBits(bytes, CRC_BITS)) return null;
  switch (command) {
    case CHAIN_INACTIVE:
      return { kind: 'chain-inactive' };
    case SET_ADDRESS:
      return { kind: 'set-address', address: first! };
    case SET_FREQUENCY:
      return { kind: 'set-frequency', word: (first! << 8) | second! };
    case READ:
      return { kind: 'read', address: first!, register: second! };
    case READ_ALL:
      return { kind: 'read', address: null, register: second! };
    default:
      return null;
  }
}
