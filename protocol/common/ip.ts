/** IP addresses as text and bytes, without asking the system. */

const OCTET = /^(0|[1-9]\d{0,2})$/;

/** The 4 bytes of a dotted quad; null when it is not one. Octal, hex and short forms are not addresses here. */
export function ipv4Bytes(text: string): Uint8Array | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => OCTET.test(part) && Number(part) <= 255)) return null;
  return Uint8Array.from(parts, Number);
}

/** The 16 bytes of an IPv6 address without brackets or zone (RFC 4291 section 2.2); null when it is not one. */
export function ipv6Bytes(text: string): Uint8Array | null {
  if (text.length > 45) return null;
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const groups = halves.map((half, index) => readGroups(half, index === halves.length - 1));
  const [head, tail = []] = groups;
  if (head === undefined || head === null || tail === null) return null;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return null;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

/** Groups of hex digits between colons; the very last may be a dotted quad. */
function readGroups(text: string, last: boolean): number[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  const bytes: number[] = [];
  for (const [index, part] of parts.entries()) {
    const quad = last && index === parts.length - 1 ? ipv4Bytes(part) : null;
    if (quad !== null) bytes.push(...quad);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) bytes.push(Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 0xff);
    else return null;
  }
  return bytes.length > 16 ? null : bytes;
}

/** The bytes of an IPv4 or IPv6 address (an IPv4-mapped one becomes 4 bytes); null when it is neither. */
export function ipBytes(text: string): Uint8Array | null {
  const v4 = ipv4Bytes(text);
  if (v4 !== null) return v4;
  const v6 = ipv6Bytes(text.replace(/%[a-z0-9._-]+$/i, ''));
  if (v6 === null) return null;
  const mapped = v6.subarray(0, 10).every((byte) => byte === 0) && v6[10] === 0xff && v6[11] === 0xff;
  return mapped ? v6.slice(12) : v6;
}

/**
 * Whether an address is of this machine or of the networks around it, not of the internet: unspecified, loopback, link-local,
 * RFC 1918, carrier NAT (RFC 6598), unique local (RFC 4193), multicast and broadcast. Text that is no address is not private.
 */
export function isPrivateAddress(text: string): boolean {
  const bytes = ipBytes(text);
  if (bytes === null) return false;
  const [a = 0, b = 0] = bytes;
  if (bytes.length === 4) {
    return a === 0 || a === 10 || a === 127 || a >= 224 || (a === 100 && b >= 64 && b < 128) || (a === 169 && b === 254) || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168);
  }
  const unspecifiedOrLoopback = bytes.subarray(0, 15).every((byte) => byte === 0) && bytes[15]! <= 1;
  return unspecifiedOrLoopback || (a & 0xfe) === 0xfc || a === 0xff || (a === 0xfe && b >= 0x80);
}
