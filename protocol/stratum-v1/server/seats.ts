/**
 * Who searches which part of the extranonce2 of a pool. A seat is a prefix of one or two bytes; no prefix begins with
 * another one, so that the parts of two seats never overlap, whatever the size. What begins with the byte 0 belongs to
 * this rig's own devices.
 */

/** Prefix that every extranonce2 of this rig's own devices begins with. */
export const OWN_PREFIX: Uint8Array = Uint8Array.of(0);

/** Below this an extranonce2 cannot be shared out: a miner needs two bytes of its own. */
export const MIN_SHARED_SIZE = 3;

/** First bytes of the prefixes of one byte; those above are followed by a second one. */
const SHORT_FROM = 1;
const LONG_FROM = 128;

/** Bytes of extranonce2 a miner gets where there is room: cgminer takes 2 to 16, small firmwares 8 at most. */
const WANTED_SIZE = 4;

/** What every extranonce2 of this rig's own devices begins with: nothing where it is too small to be shared out. */
export function ownPrefix(extranonce2Size: number): Uint8Array {
  return extranonce2Size < MIN_SHARED_SIZE ? NOTHING : OWN_PREFIX;
}

const NOTHING = new Uint8Array(0);

export interface SeatShape {
  readonly prefixBytes: 1 | 2;
  /** Bytes that are left to the miner. */
  readonly extranonce2Size: number;
}

/**
 * The shapes of seats that fit into an extranonce2 of `room` bytes, the better one first; none when it is too small.
 * From six bytes on every source looks the same to a miner: two bytes of prefix, four of its own, the rest zero.
 */
export function seatShapes(room: number): readonly SeatShape[] {
  const shape = (prefixBytes: 1 | 2): SeatShape => ({ prefixBytes, extranonce2Size: Math.min(WANTED_SIZE, room - prefixBytes) });
  if (room < MIN_SHARED_SIZE) return [];
  if (room === MIN_SHARED_SIZE) return [shape(1)];
  return room >= WANTED_SIZE + 2 ? [shape(2), shape(1)] : [shape(1), shape(2)];
}

/** A prefix that one miner holds. */
export interface Prefix {
  readonly bytes: Uint8Array;
  /** Names it for the miner that comes back. */
  readonly sessionId: string;
}

interface Left {
  readonly prefix: Prefix;
  readonly at: number;
  /** Shares were found in it. */
  readonly worked: boolean;
}

/**
 * Gives out prefixes. One that was given back stays unused until every job its miner had is stale: two miners on one
 * template and one prefix would find the same shares. Its own miner may have it again at once, by its session id. Where no
 * share was found there is none to be found twice: such prefixes are given out again when nothing else is left, so that
 * something that only connects again and again keeps nobody out.
 */
export class PrefixBook {
  readonly #quarantineMs: number;
  readonly #next: Record<1 | 2, number>;
  readonly #taken = new Set<number>();
  readonly #takenOf: Record<1 | 2, number> = { 1: 0, 2: 0 };
  /** By session id, the one left first in front. */
  readonly #left = new Map<string, Left>();
  readonly #sessionId: () => string;

  /**
   * @param options.start where counting begins (any number): another place after a restart, as the pool may resume the old session
   * @param options.sessionId makes a new, unused session id
   */
  constructor(options: { readonly quarantineMs: number; readonly start: number; readonly sessionId: () => string }) {
    this.#quarantineMs = options.quarantineMs;
    this.#sessionId = options.sessionId;
    this.#next = { 1: options.start % count(1), 2: options.start % count(2) };
  }

  /** Prefixes in use. */
  get inUse(): number {
    return this.#taken.size - this.#left.size;
  }

  /** A prefix of this length that nobody holds and nobody held lately; null when there is none. */
  take(bytes: 1 | 2, now: number): Prefix | null {
    this.#release(now);
    const code = this.#unused(bytes) ?? this.#unworked(bytes);
    if (code === null) return null;
    this.#taken.add(code);
    this.#takenOf[bytes] += 1;
    return { bytes: bytes === 1 ? Uint8Array.of(code) : Uint8Array.of(code >> 8, code & 0xff), sessionId: this.#sessionId() };
  }

  /** The prefix a miner had before, when nobody else can have it yet; null when it is not kept any more. */
  resume(sessionId: string, bytes: number, now: number): Prefix | null {
    this.#release(now);
    const left = this.#left.get(sessionId);
    if (left === undefined || left.prefix.bytes.length !== bytes) return null;
    this.#left.delete(sessionId);
    return left.prefix;
  }

  /** Its miner is gone. @param worked shares were found in it */
  leave(prefix: Prefix, now: number, worked = true): void {
    this.#left.set(prefix.sessionId, { prefix, at: now, worked });
  }

  #unused(bytes: 1 | 2): number | null {
    const total = count(bytes);
    if (this.#takenOf[bytes] === total) return null;
    for (;;) {
      const code = codeOf(bytes, this.#next[bytes]);
      this.#next[bytes] = (this.#next[bytes] + 1) % total;
      if (!this.#taken.has(code)) return code;
    }
  }

  /** One that was left longest ago without a share. */
  #unworked(bytes: 1 | 2): number | null {
    for (const { prefix, worked } of this.#left.values()) {
      if (worked || prefix.bytes.length !== bytes) continue;
      this.#free(prefix);
      return codeOfBytes(prefix.bytes);
    }
    return null;
  }

  #free({ bytes, sessionId }: Prefix): void {
    this.#left.delete(sessionId);
    this.#taken.delete(codeOfBytes(bytes));
    this.#takenOf[bytes.length === 1 ? 1 : 2] -= 1;
  }

  #release(now: number): void {
    for (const { prefix, at } of this.#left.values()) {
      if (now - at < this.#quarantineMs) return;
      this.#free(prefix);
    }
  }
}

function count(bytes: 1 | 2): number {
  return bytes === 1 ? LONG_FROM - SHORT_FROM : (256 - LONG_FROM) * 256;
}

/** One byte: 1..127. Two bytes: 8000..ffff hex, so that the numbers of both lengths differ, too. */
function codeOf(bytes: 1 | 2, index: number): number {
  return bytes === 1 ? SHORT_FROM + index : LONG_FROM * 256 + index;
}

function codeOfBytes(bytes: Uint8Array): number {
  return bytes.length === 1 ? bytes[0]! : bytes[0]! * 256 + bytes[1]!;
}
