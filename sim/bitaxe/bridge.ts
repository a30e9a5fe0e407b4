/**
 * The control port of the bridge (reference 11): requests `LEN_lo LEN_hi ID BUS PAGE CMD data`, LEN the whole of it. A request
 * that does not go on for 4 ms is dropped. Replies by the firmware: V0 counts data only, and its errors the whole; V1 has a status.
 */
import { concatBytes } from '../../protocol/common/bytes.ts';

export type ReplyFormat = 'v0' | 'v1';

export interface Request {
  readonly id: number;
  readonly bus: number;
  readonly page: number;
  readonly command: number;
  readonly data: Uint8Array;
}

/** `text` is for what has no number of its own; V0, which knows only numbers, says timeout then. `none`: nothing is said. */
export type Outcome = { readonly ok: Uint8Array } | { readonly error: 'timeout' | 'invalid' | 'overflow' } | { readonly text: string } | 'none';

const SILENCE_MS = 4;
const QUEUE = 8;
const HEADER = 6;
/** Longest a request can be: the firmware's buffer. */
const LONGEST = 4096;
const CODE = { timeout: 0x10, invalid: 0x11, overflow: 0x12 } as const;

export class Bridge {
  readonly #format: ReplyFormat;
  readonly #serve: (request: Request) => Outcome;
  #held: Uint8Array = new Uint8Array(0);
  #heardAt = 0;
  /** Partial requests that were dropped, and requests that were none. */
  dropped = 0;

  constructor(format: ReplyFormat, serve: (request: Request) => Outcome) {
    this.#format = format;
    this.#serve = serve;
  }

  /** Forgets a request that has begun. */
  clear(): void {
    this.#held = new Uint8Array(0);
  }

  /**
   * Takes bytes of the host.
   * @param now ms; where a request is cut, the time between the pieces counts
   * @returns the replies, in order
   */
  receive(chunk: Uint8Array, now: number): Uint8Array[] {
    if (this.#held.length > 0 && now - this.#heardAt > SILENCE_MS) {
      this.dropped++;
      this.clear();
    }
    this.#heardAt = now;
    let bytes = concatBytes(this.#held, chunk);
    const replies: Uint8Array[] = [];
    for (let served = 0; bytes.length >= 2; served++) {
      const length = (bytes[0] as number) | ((bytes[1] as number) << 8);
      if (length < HEADER || length > LONGEST) {
        // Not a request; where the next one begins cannot be known.
        this.dropped++;
        bytes = new Uint8Array(0);
        break;
      }
      if (bytes.length < length) break;
      const request = { id: bytes[2] as number, bus: bytes[3] as number, page: bytes[4] as number, command: bytes[5] as number, data: bytes.slice(HEADER, length) };
      bytes = bytes.slice(length);
      // What comes in one piece waits in one queue.
      const outcome: Outcome = served >= QUEUE ? { error: 'overflow' } : this.#serve(request);
      if (outcome !== 'none') replies.push(this.#reply(request.id, outcome));
    }
    this.#held = bytes;
    return replies;
  }

  #reply(id: number, outcome: Exclude<Outcome, 'none'>): Uint8Array {
    if (this.#format === 'v0') {
      if ('ok' in outcome) return framed(outcome.ok.length, id, outcome.ok);
      // Published as the total length here, unlike anywhere else in this format.
      return framed(4, id, Uint8Array.of('error' in outcome ? CODE[outcome.error] : CODE.timeout));
    }
    const body = 'ok' in outcome ? concatBytes(Uint8Array.of(0), outcome.ok) : 'error' in outcome ? Uint8Array.of(CODE[outcome.error]) : concatBytes(Uint8Array.of(0xff), Buffer.from(outcome.text));
    return framed(body.length + 3, id, body);
  }
}

function framed(length: number, id: number, body: Uint8Array): Uint8Array {
  return Uint8Array.from([length & 0xff, length >> 8, id, ...body]);
}
