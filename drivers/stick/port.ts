import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { concatBytes } from '../../protocol/common/bytes.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { wait } from '../../protocol/common/wait.ts';
import type { Transport } from '../transport/contract.ts';
import { within } from '../transport/deadline.ts';

/** Far more than the few frames that wait need, and half of what a stop may take. */
const DRAIN_MS = 500;
const NOTHING = new Uint8Array(0);

/** What the owner of a port is told. Nothing of it may throw. */
export interface StickListener {
  data(bytes: Uint8Array): void;
  /** Nothing has come for `gapMs` since the last byte: the next one begins a reply. */
  gap(): void;
  /** The port is dead and will stay so. */
  gone(reason: string): void;
}

/**
 * A serial port as the sticks need it: silence is told, because replies without a preamble begin after it, and a wait ends when
 * the port goes or the caller has had enough.
 */
export class StickPort {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #gapMs: number;
  readonly #listener: StickListener;
  readonly #gone = new AbortController();
  #gapTimer: Timer | null = null;
  #opened = false;
  /** While something is collected, the listener is not told of bytes. */
  #collected: Uint8Array[] | null = null;

  /** @param gapMs silence that is longer than any inside a reply */
  constructor(transport: Transport, clock: Clock, gapMs: number, listener: StickListener) {
    this.#transport = transport;
    this.#clock = clock;
    this.#gapMs = gapMs;
    this.#listener = listener;
  }

  get name(): string {
    return this.#transport.name;
  }

  get isOpen(): boolean {
    return this.#transport.isOpen;
  }

  /** Opens the port the first time it is called. @throws RigError E_DEVICE_PORT */
  async open(): Promise<void> {
    if (this.#transport.isOpen) return;
    if (this.#opened) throw this.#goneError('it was closed');
    this.#opened = true;
    this.#transport.events.on('data', (bytes) => this.#data(bytes));
    this.#transport.events.on('gone', (reason) => this.#lost(reason));
    await this.#transport.open();
  }

  /** Sends bytes in one piece. Never throws. @returns resolves to true when the system has taken them, to false when the port has gone */
  async send(bytes: Uint8Array): Promise<boolean> {
    if (!this.#transport.isOpen) return false;
    await this.#transport.write(bytes);
    return this.#transport.isOpen;
  }

  /** @throws RigError E_DEVICE_PORT when the port goes; the signal's reason when it is aborted */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return wait(this.#clock, ms, signal, this.#gone.signal);
  }

  /**
   * Collects what comes in, and keeps it from the listener meanwhile.
   * @param first sent once the collecting has begun; may be empty
   * @param ms how long
   * @throws as `wait`
   */
  async collect(first: Uint8Array, ms: number, signal: AbortSignal): Promise<Uint8Array> {
    // What was called off must not be sent: it may be the command that a stop has just taken back.
    signal.throwIfAborted();
    const chunks: Uint8Array[] = [];
    this.#collected = chunks;
    try {
      if (first.length > 0) void this.send(first);
      await this.wait(ms, signal);
    } finally {
      this.#collected = null;
    }
    return concatBytes(...chunks);
  }

  /**
   * Throws away what comes in until nothing has come for `quietMs`, or `mostMs` are over.
   * @throws as `wait`
   */
  async silence(quietMs: number, mostMs: number, signal: AbortSignal): Promise<void> {
    await this.flushInput();
    for (let passed = 0; passed < mostMs; passed += quietMs) if ((await this.collect(NOTHING, quietMs, signal)).length === 0) return;
  }

  /** Throws away what has come in. Never rejects. */
  async flushInput(): Promise<void> {
    await this.#transport.flushInput();
    this.#gapTimer?.cancel();
    this.#gapTimer = null;
  }

  /** Changes the speed once all bytes have left. @throws RigError E_DEVICE_PORT */
  async setBaud(baud: number): Promise<void> {
    await this.drain();
    await this.#transport.setBaud(baud);
  }

  /** Resolves when everything sent has left, or has had its time: a line that hangs must not hold up a stop. Never rejects. */
  async drain(): Promise<void> {
    await within(this.#clock, DRAIN_MS, this.#transport.drain());
  }

  /** Idempotent, never rejects. Waits under way end with an error. */
  async close(): Promise<void> {
    this.#gapTimer?.cancel();
    this.#gapTimer = null;
    this.#opened = true;
    this.#gone.abort(this.#goneError('it was closed'));
    await this.#transport.close();
  }

  #data(bytes: Uint8Array): void {
    if (this.#collected !== null) return void this.#collected.push(bytes);
    this.#gapTimer?.cancel();
    this.#gapTimer = this.#clock.after(this.#gapMs, () => {
      this.#gapTimer = null;
      this.#listener.gap();
    });
    this.#listener.data(bytes);
  }

  #lost(reason: string): void {
    this.#gapTimer?.cancel();
    this.#gapTimer = null;
    this.#gone.abort(this.#goneError(reason));
    this.#listener.gone(reason);
  }

  #goneError(reason: string): RigError {
    return new RigError('E_DEVICE_PORT', `${this.name}: ${reason}`, { context: { port: this.name } });
  }
}
