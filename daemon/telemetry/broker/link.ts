/** Keeps a broker session open for as long as the daemon runs: opens, and opens again, for ever, with jittered pauses. */
import { EventEmitter } from 'node:events';
import type { Clock } from '../../../protocol/common/clock.ts';
import { ERROR_CODES, messageOf } from '../../../protocol/common/errors.ts';
import type { Log } from '../../../protocol/common/log.ts';
import { RepeatSuppressor } from '../repeat-suppressor.ts';
import { ProtocolChoice } from './protocol-choice.ts';
import { HandshakeError, openSession, type BrokerSession, type Packet, type SessionOptions } from './session.ts';

export interface LinkTiming {
  /** First pause between attempts; doubles up to `maxDelayMs`. */
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

const DEFAULT_TIMING: LinkTiming = { minDelayMs: 1000, maxDelayMs: 30_000 };
/** A session this long was a good one: the next pause is short again. */
const STABLE_MS = 10_000;

interface LinkEvents {
  up: [BrokerSession];
  down: [reason: string];
}

export class BrokerLink {
  readonly events = new EventEmitter<LinkEvents>();
  #options: SessionOptions;
  #clock: Clock;
  #log: Log;
  #timing: LinkTiming;
  #random: () => number;
  #stopping = new AbortController();
  #loop: Promise<void> | null = null;
  #session: BrokerSession | null = null;
  #choice = new ProtocolChoice();
  #repeats = new RepeatSuppressor();
  #sessions = 0;
  #lastError: string | null = null;

  constructor(options: SessionOptions, deps: { clock: Clock; log: Log; timing?: LinkTiming; random?: () => number }) {
    this.#options = options;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#timing = deps.timing ?? DEFAULT_TIMING;
    this.#random = deps.random ?? Math.random;
  }

  /** The open session, or null. */
  get session(): BrokerSession | null {
    return this.#session;
  }

  /** Sessions opened so far. */
  get sessions(): number {
    return this.#sessions;
  }

  get lastError(): string | null {
    return this.#lastError;
  }

  /** Begins connecting; returns at once. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Ends the session with a farewell, or the attempt under way. Done within `deadlineMs`. */
  async stop(farewell: Packet, deadlineMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#session?.close(farewell, deadlineMs);
    await this.#loop;
  }

  async #run(): Promise<void> {
    const signal = this.#stopping.signal;
    let hurried = false;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const session = await openSession(this.#options, this.#choice.next, this.#clock, signal);
        hurried = false;
        if (await this.#live(session)) attempt = 0;
      } catch (error) {
        if (signal.aborted) return;
        // The other version is tried at once, but a broker that refuses both is not hammered.
        hurried = this.#failed(error) && !hurried;
        if (hurried) continue;
      }
      await this.#pause(attempt);
    }
  }

  /** Lives through one session. @returns whether it was long enough to call the broker well */
  async #live(session: BrokerSession): Promise<boolean> {
    if (this.#stopping.signal.aborted) session.abort();
    const since = this.#clock.monotonic();
    this.#choice.succeeded();
    this.#session = session;
    this.#sessions++;
    this.#repeats.clear('connect');
    this.#log.info({ broker: this.#options.address.label, protocol: session.protocol === 5 ? '5.0' : '3.1.1' }, 'MQTT connected');
    this.events.emit('up', session);
    const reason = await session.closed;
    this.#session = null;
    if (!this.#stopping.signal.aborted) {
      this.#lastError = reason;
      this.#say('lost', { code: 'E_MQTT_CONNECT', broker: this.#options.address.label, reason }, 'MQTT connection lost; mining goes on, reconnecting');
    }
    this.events.emit('down', reason);
    return this.#clock.monotonic() - since >= STABLE_MS;
  }

  /** Notes a failed attempt. @returns true when the next should be made at once, with the other protocol version */
  #failed(error: unknown): boolean {
    const before = this.#choice.next;
    this.#choice.failed(error instanceof HandshakeError ? error.kind : 'other');
    const reason = messageOf(error);
    if (before !== this.#choice.next) {
      const [from, to] = before === 5 ? ['5.0', '3.1.1'] : ['3.1.1', '5.0'];
      // Not worth a warning: it costs nothing but one connection, and is remembered.
      this.#log.info({ broker: this.#options.address.label, reason }, `the broker does not take MQTT ${from}: trying ${to}`);
      return true;
    }
    this.#lastError = reason;
    this.#say('connect', { code: 'E_MQTT_CONNECT', broker: this.#options.address.label, reason, fix: ERROR_CODES.E_MQTT_CONNECT.fix }, 'no MQTT broker; mining goes on, retrying for ever');
    return false;
  }

  #say(key: string, fields: object, message: string): void {
    const left = this.#repeats.pass(key, this.#clock.monotonic());
    if (left !== null) this.#log.warn(left > 0 ? { ...fields, repeated: left } : fields, message);
  }

  #pause(attempt: number): Promise<void> {
    const { minDelayMs, maxDelayMs } = this.#timing;
    const full = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(attempt, 16));
    const signal = this.#stopping.signal;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.#clock.after(full / 2 + (this.#random() * full) / 2, done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
