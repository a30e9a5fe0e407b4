/**
 * Asks the control port of a bitaxe-raw bridge: one request at a time, the others wait in a queue with a bound. The client
 * can be locked: then only urgent requests, those that make a board safe, get through, whoever else still asks.
 */
import { REPLY_TIMEOUT_MS, type ControlChannel } from '../../protocol/bitaxe-raw/control-channel.ts';
import type { Reply } from '../../protocol/bitaxe-raw/reply.ts';
import type { Command } from '../../protocol/bitaxe-raw/request.ts';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { Transport } from '../transport/contract.ts';

/** Requests that may wait; more means that somebody asks faster than the board answers. */
export const MOST_WAITING = 64;
/** A deadline that is noticed this much too late says that the process was held up: the answer may lie in the port unread. */
const HELD_UP_MS = 20;
const HELD_UP_GRACE_MS = 50;
/** What a request under way is still given once the client is locked. */
const LOCK_GRACE_MS = 100;

/** refused: the board answered with an error. timeout: no answer. gone: the port went. locked: the board is being made safe. full: too many wait. */
export type ControlFailure = 'refused' | 'timeout' | 'gone' | 'locked' | 'full';

export interface RequestOptions {
  /** Deadline once it is sent, ms. Default `REPLY_TIMEOUT_MS`. */
  readonly timeoutMs?: number | undefined;
  /** Goes before what waits, and through a locked client. */
  readonly urgent?: boolean | undefined;
}

export interface ControlCounters {
  readonly requests: number;
  readonly refused: number;
  readonly timeouts: number;
  readonly bytes_skipped: number;
}

interface Pending {
  readonly command: Command;
  readonly what: string;
  readonly timeoutMs: number;
  readonly urgent: boolean;
  readonly asked: { stack?: string };
  resolve(data: Uint8Array): void;
  reject(error: RigError): void;
}

/** How a request failed; null when the error is none of this client's. */
export function controlFailure(error: unknown): ControlFailure | null {
  return error instanceof RigError && error.code === 'E_DEVICE_CONTROL' ? ((error.context.failure as ControlFailure | undefined) ?? null) : null;
}

export class ControlClient {
  readonly #transport: Transport;
  readonly #channel: ControlChannel;
  readonly #clock: Clock;
  #waiting: Pending[] = [];
  #open: Pending | null = null;
  #deadline: Timer | null = null;
  #dueAt = 0;
  #locked: string | null = null;
  #dead: string | null = null;
  #counts = { requests: 0, refused: 0, timeouts: 0, bytes_skipped: 0 };
  readonly #onData = (bytes: Uint8Array): void => this.#receive(bytes);
  readonly #onGone = (reason: string): void => this.close(reason);

  /** The transport is open, and stays its owner's. */
  constructor(parts: { readonly transport: Transport; readonly channel: ControlChannel; readonly clock: Clock }) {
    this.#transport = parts.transport;
    this.#channel = parts.channel;
    this.#clock = parts.clock;
    this.#transport.events.on('data', this.#onData);
    this.#transport.events.on('gone', this.#onGone);
  }

  get counters(): ControlCounters {
    return { ...this.#counts };
  }

  /**
   * Asks, and waits for the data of the answer.
   * @param what plain words for messages, such as "setting the fan"
   * @throws RigError E_DEVICE_CONTROL, see `controlFailure`; its stack is that of the caller
   */
  request(command: Command, what: string, options: RequestOptions = {}): Promise<Uint8Array> {
    const asked: { stack?: string } = {};
    Error.captureStackTrace(asked, this.request);
    return new Promise((resolve, reject) => {
      const pending: Pending = { command, what, timeoutMs: options.timeoutMs ?? REPLY_TIMEOUT_MS, urgent: options.urgent ?? false, asked, resolve, reject };
      if (this.#dead !== null) return this.#fail(pending, 'gone', this.#dead);
      if (this.#locked !== null && !pending.urgent) return this.#fail(pending, 'locked', this.#locked);
      if (!pending.urgent && this.#waiting.length >= MOST_WAITING) return this.#fail(pending, 'full', `${MOST_WAITING} requests wait already`);
      const firstOrdinary = this.#waiting.findIndex(({ urgent }) => !urgent);
      if (pending.urgent && firstOrdinary >= 0) this.#waiting.splice(firstOrdinary, 0, pending);
      else this.#waiting.push(pending);
      this.#next();
    });
  }

  /** From now on only urgent requests are sent; what waits is rejected, what is under way gets a little time. */
  lock(reason: string): void {
    this.#locked = reason;
    const refused = this.#waiting.filter(({ urgent }) => !urgent);
    this.#waiting = this.#waiting.filter(({ urgent }) => urgent);
    for (const pending of refused) this.#fail(pending, 'locked', reason);
    if (this.#open !== null && !this.#open.urgent && this.#dueAt - this.#clock.monotonic() > LOCK_GRACE_MS) this.#wait(LOCK_GRACE_MS);
  }

  unlock(): void {
    this.#locked = null;
  }

  /** Rejects everything, and listens no more. Idempotent. */
  close(reason = 'the control port is closed'): void {
    if (this.#dead !== null) return;
    this.#dead = reason;
    this.#transport.events.off('data', this.#onData);
    this.#transport.events.off('gone', this.#onGone);
    this.#deadline?.cancel();
    const all = this.#open === null ? this.#waiting : [this.#open, ...this.#waiting];
    this.#open = null;
    this.#waiting = [];
    for (const pending of all) this.#fail(pending, 'gone', reason);
  }

  #next(): void {
    if (this.#open !== null || this.#dead !== null) return;
    const pending = this.#waiting.shift();
    if (pending === undefined) return;
    this.#counts.requests++;
    const packet = this.#channel.request(pending.command);
    if (pending.command.answered) {
      this.#open = pending;
      this.#wait(pending.timeoutMs);
    }
    // One call: the firmware forgets a packet that does not come in one piece. A port that goes is told by its event.
    void this.#transport.write(packet);
    if (pending.command.answered) return;
    pending.resolve(new Uint8Array(0));
    this.#next();
  }

  #wait(ms: number): void {
    this.#deadline?.cancel();
    this.#dueAt = this.#clock.monotonic() + ms;
    this.#deadline = this.#clock.after(ms, () => {
      if (this.#clock.monotonic() - this.#dueAt <= HELD_UP_MS) return this.#expire();
      this.#deadline = this.#clock.after(HELD_UP_GRACE_MS, () => this.#expire());
    });
  }

  #receive(bytes: Uint8Array): void {
    const { reply, skippedBytes } = this.#channel.push(bytes);
    this.#counts.bytes_skipped += skippedBytes;
    if (reply !== null) this.#settle(reply);
  }

  #expire(): void {
    const { reply, skippedBytes } = this.#channel.timeout();
    this.#counts.bytes_skipped += skippedBytes;
    this.#settle(reply);
  }

  /** @param reply null = none came in time */
  #settle(reply: Reply | null): void {
    const pending = this.#open;
    this.#deadline?.cancel();
    this.#deadline = null;
    this.#open = null;
    if (pending !== null) {
      if (reply === null) {
        this.#counts.timeouts++;
        this.#fail(pending, 'timeout', `no answer within ${pending.timeoutMs} ms`);
      } else if (reply.kind === 'error') {
        this.#counts.refused++;
        this.#fail(pending, 'refused', `the board answered "${reply.text ?? reply.error.replaceAll('_', ' ')}"`);
      } else pending.resolve(reply.data);
    }
    this.#next();
  }

  #fail(pending: Pending, failure: ControlFailure, reason: string): void {
    const error = new RigError('E_DEVICE_CONTROL', `${this.#transport.name}: ${pending.what} failed: ${reason}`, { context: { port: this.#transport.name, failure } });
    const callers = pending.asked.stack?.split('\n').slice(1).join('\n');
    if (callers) error.stack = `${error.name}: ${error.message}\n${callers}`;
    pending.reject(error);
  }
}
