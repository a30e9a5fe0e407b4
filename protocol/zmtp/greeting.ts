/** The 64 bytes both sides of a ZMTP connection begin with (ZMTP 3.1, RFC 37/ZMTP section "Version negotiation"). */

export const GREETING_BYTES = 64;
const MECHANISM_AT = 12;
const MECHANISM_BYTES = 20;
const OLD = 'the other side speaks an old ZMTP, at least 3.0 (ZeroMQ 4) is needed';

export interface Greeting {
  readonly major: number;
  readonly minor: number;
  /** `NULL`, `PLAIN` or `CURVE`. */
  readonly mechanism: string;
}

/** Our greeting: ZMTP 3.1, mechanism NULL, client side. */
export function encodeGreeting(): Uint8Array {
  const bytes = new Uint8Array(GREETING_BYTES);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes[11] = 1;
  bytes.set(new TextEncoder().encode('NULL'), MECHANISM_AT);
  return bytes;
}

/**
 * Why the bytes so far can be no greeting we understand, or null. Told from the first byte on, so that a port that
 * speaks something else is not waited for.
 */
export function greetingProblem(start: Uint8Array): string | null {
  if (start.length > 0 && start[0] !== 0xff) return 'the other side does not speak ZMTP: is it a zmqpub address of the node?';
  // The lowest bit of the tenth byte is what tells ZMTP 2 and later from the length of an old frame.
  if (start.length > 9 && ((start[9] ?? 0) & 1) === 0) return OLD;
  if (start.length > 10 && (start[10] ?? 0) < 3) return OLD;
  return null;
}

/** Reads a whole greeting that `greetingProblem` had nothing against. @throws RangeError when there are fewer than 64 bytes */
export function decodeGreeting(bytes: Uint8Array): Greeting {
  if (bytes.length < GREETING_BYTES) throw new RangeError(`a greeting has ${GREETING_BYTES} bytes, not ${bytes.length}`);
  const name = bytes.subarray(MECHANISM_AT, MECHANISM_AT + MECHANISM_BYTES);
  const end = name.indexOf(0);
  const printable = [...name.subarray(0, end < 0 ? MECHANISM_BYTES : end)].map((byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?'));
  return { major: bytes[10]!, minor: bytes[11]!, mechanism: printable.join('') };
}
