/**
 * CRC16 of BM13xx job frames ("CCITT-FALSE"): polynomial 1021, start FFFF, no reflection, no final XOR; over header,
 * length and data, sent high byte first. Other miners use the same polynomial with another start: do not share it.
 */

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let state = byte << 8;
  for (let bit = 0; bit < 8; bit++) state = (state & 0x8000) !== 0 ? ((state << 1) ^ 0x1021) & 0xffff : (state << 1) & 0xffff;
  return state;
});

/** CRC16 (0 .. 65535) of `bytes[from .. to)`. */
export function crc16(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let state = 0xffff;
  for (let i = from; i < to; i++) state = ((state << 8) & 0xffff) ^ TABLE[(state >> 8) ^ bytes[i]!]!;
  return state;
}
