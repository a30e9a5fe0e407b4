/** Checks of arguments of the encoders: what does not fit the frame is a defect of the caller and throws. */

/** @throws RangeError when the value is not a whole number of 0 .. 255 */
export function checkByte(value: number, what: string): void {
  if (!Number.isInteger(value) || value < 0 || value > 0xff) throw new RangeError(`${what} is one byte, not ${value}`);
}

/** @throws RangeError when the value is not a whole number of 0 .. 2^32-1 */
export function checkU32(value: number, what: string): void {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) throw new RangeError(`${what} is an unsigned 32-bit number, not ${value}`);
}

/** @throws RangeError when there are not exactly that many bytes */
export function checkLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) throw new RangeError(`${what} has ${length} bytes, not ${bytes.length}`);
}

/** @throws RangeError when it is not a whole number of 1 .. 256 */
export function checkChipCount(chips: number): void {
  if (!Number.isInteger(chips) || chips < 1 || chips > 256) throw new RangeError(`a chain has 1 to 256 chips, not ${chips}`);
}
