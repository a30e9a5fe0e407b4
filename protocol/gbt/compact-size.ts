/** Bitcoin's variable-length count, for 0 .. 2^32-1. @throws RangeError outside */
export function compactSize(count: number): Uint8Array {
  if (!Number.isInteger(count) || count < 0 || count > 0xffff_ffff) throw new RangeError(`not a count: ${count}`);
  if (count < 0xfd) return Uint8Array.of(count);
  if (count <= 0xffff) return Uint8Array.of(0xfd, count & 0xff, count >>> 8);
  return Uint8Array.of(0xfe, count & 0xff, (count >>> 8) & 0xff, (count >>> 16) & 0xff, count >>> 24);
}
