/** The two checksums of the chips' serial line, bit by bit as the hardware shifts them. */

/** Shifts the top `bits` bits of `value` (of `width` bits) into a CRC-5 register: x^5 + x^2 + 1, most significant bit first. */
export function shiftCrc5(register: number, value: number, bits: number): number {
  let crc = register;
  for (let bit = bits - 1; bit >= 0; bit--) {
    const out = ((crc >> 4) ^ (value >> bit)) & 1;
    crc = ((crc << 1) & 0x1f) ^ (out === 1 ? 0x05 : 0);
  }
  return crc;
}

/** CRC-5 over whole bytes, register preset to 1F. */
export function crc5Of(bytes: Uint8Array): number {
  return bytes.reduce((crc, byte) => shiftCrc5(crc, byte, 8), 0x1f);
}

/** CRC-16 of jobs: polynomial 1021, preset FFFF, no reflection. */
export function crc16Of(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const out = ((crc >> 15) ^ (byte >> bit)) & 1;
      crc = ((crc << 1) & 0xffff) ^ (out === 1 ? 0x1021 : 0);
    }
  }
  return crc;
}
