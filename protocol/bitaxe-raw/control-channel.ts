/**
 * The pure half of the control port: one request at a time, its reply found in whatever is received. The owner of the
 * port writes the packets (one call each), feeds what it reads, and calls `timeout` when no reply came in time.
 */
import { concatBytes } from '../common/bytes.ts';
import type { ReplyFormat } from './firmware.ts';
import { encodeRequest, NO_REQUEST_ID } from './request.ts';
import type { Command } from './request.ts';
import { lookAtReply } from './reply.ts';
import type { Expected, Reply } from './reply.ts';

/** How long to wait for a reply, in ms. I2C transfers take a few; the firmware's own timeout answers within this. */
export const REPLY_TIMEOUT_MS = 1000;

export interface ReceiveResult {
  /** The reply to the open request; null when it has not come yet. */
  readonly reply: Reply | null;
  /** Bytes that belong to no expected reply: garbage, or the late reply to an older request. */
  readonly skippedBytes: number;
}

export class ControlChannel {
  readonly #format: ReplyFormat;
  #nextId = 0;
  #expected: Expected | null = null;
  /** The request that was given up last: its reply may still come, and is passed over as a whole. */
  #late: Expected | null = null;
  #held: Uint8Array = new Uint8Array(0);

  constructor(format: ReplyFormat) {
    this.#format = format;
  }

  /** True while a request waits for its reply. */
  get busy(): boolean {
    return this.#expected !== null;
  }

  /** The packet that asks. @throws RangeError when another request is open (a defect of the caller) or a field does not fit */
  request(command: Command): Uint8Array {
    if (this.#expected !== null) throw new RangeError('a request is already waiting for its reply');
    const id = this.#nextId;
    const packet = encodeRequest(id, command);
    this.#nextId = (id + 1) % NO_REQUEST_ID;
    this.#held = new Uint8Array(0);
    if (command.answered) this.#expected = { id, replyBytes: command.replyBytes, replyValues: command.replyValues };
    return packet;
  }

  /** Takes the next bytes, in any cut. */
  push(chunk: Uint8Array): ReceiveResult {
    return this.#scan(chunk, false);
  }

  /**
   * No reply came in time. Returns what can still be made of what did come (a v0 error), forgets the rest and is ready
   * for the next request, whose id tells its reply from a late one.
   */
  timeout(): ReceiveResult {
    const held = this.#held.length;
    const result = this.#scan(new Uint8Array(0), true);
    if (result.reply === null) this.#late = this.#expected;
    this.#expected = null;
    this.#held = new Uint8Array(0);
    return result.reply === null ? { reply: null, skippedBytes: held } : result;
  }

  #scan(chunk: Uint8Array, silent: boolean): ReceiveResult {
    const expected = this.#expected;
    if (expected === null) return { reply: null, skippedBytes: chunk.length };
    const bytes = concatBytes(this.#held, chunk);
    for (let at = 0; at < bytes.length; at++) {
      const look = lookAtReply(this.#format, bytes, at, expected, silent);
      if (look.kind === 'reply') {
        this.#expected = null;
        this.#late = null;
        this.#held = new Uint8Array(0);
        return { reply: look.reply, skippedBytes: bytes.length - look.length };
      }
      const late = this.#late === null ? null : lookAtReply(this.#format, bytes, at, this.#late, silent);
      if (late?.kind === 'reply') {
        this.#late = null;
        at += late.length - 1;
        continue;
      }
      // After silence a whole reply may stand behind bytes that only look like the start of a longer one.
      if (silent || (look.kind === 'none' && late?.kind !== 'more')) continue;
      this.#held = bytes.slice(at);
      return { reply: null, skippedBytes: at };
    }
    this.#held = new Uint8Array(0);
    return { reply: null, skippedBytes: bytes.length };
  }
}
