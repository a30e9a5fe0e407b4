import { concatBytes, readU32LE } from '../common/bytes.ts';

/** The coinbase transaction (without witness data) of a Stratum V1 job. Its SHA-256d is the first merkle leaf. */
export function assembleCoinbase(coinb1: Uint8Array, extranonce1: Uint8Array, extranonce2: Uint8Array, coinb2: Uint8Array): Uint8Array {
  return concatBytes(coinb1, extranonce1, extranonce2, coinb2);
}

const OP_1 = 0x51;
const OP_16 = 0x60;

/**
 * The script push a coinbase must start with at this height (BIP34, as Bitcoin Core builds and compares it): OP_0,
 * OP_1 .. OP_16, else a minimal little-endian push with a zero byte where the top bit would read as a sign.
 * @throws RangeError outside 0 .. 2^31-1
 */
export function heightPush(height: number): Uint8Array {
  if (!Number.isInteger(height) || height < 0 || height > 0x7fff_ffff) throw new RangeError(`not a block height: ${height}`);
  if (height === 0) return Uint8Array.of(0);
  if (height <= 16) return Uint8Array.of(OP_1 + height - 1);
  const bytes: number[] = [];
  for (let rest = height; rest > 0; rest >>>= 8) bytes.push(rest & 0xff);
  if (bytes[bytes.length - 1]! >= 0x80) bytes.push(0);
  return Uint8Array.of(bytes.length, ...bytes);
}

/** Height at the start of a coinbase script, or null when it starts with something else. */
function heightOfScript(script: Uint8Array): number | null {
  const opcode = script[0];
  if (opcode === undefined) return null;
  if (opcode === 0) return 0;
  if (opcode >= OP_1 && opcode <= OP_16) return opcode - OP_1 + 1;
  if (opcode > 5 || script.length < 1 + opcode) return null;
  let height = 0;
  for (let i = opcode; i >= 1; i--) height = height * 256 + script[i]!;
  const negative = script[opcode]! >= 0x80;
  return negative || height > 0x7fff_ffff ? null : height;
}

/**
 * Block height told by a coinbase transaction, or by the beginning of one (a pool's coinb1), with or without BIP141
 * marker and flag. Null when the bytes are not a coinbase or do not reach to the height. Blocks older than BIP34 do not
 * carry a height and may yield a meaningless number.
 */
export function heightOfCoinbase(bytes: Uint8Array): number | null {
  const inputs = bytes[4] === 0 && bytes[5] === 1 ? 6 : 4;
  const outpoint = inputs + 1;
  const scriptLength = outpoint + 36;
  if (bytes.length <= scriptLength || bytes[inputs] !== 1) return null;
  if (bytes.subarray(outpoint, outpoint + 32).some((byte) => byte !== 0) || readU32LE(bytes, outpoint + 32) !== 0xffff_ffff) return null;
  const length = bytes[scriptLength]!;
  // A coinbase script is 2..100 bytes, so its length is always a single byte.
  if (length < 2 || length > 100) return null;
  return heightOfScript(bytes.subarray(scriptLength + 1, scriptLength + 1 + length));
}
