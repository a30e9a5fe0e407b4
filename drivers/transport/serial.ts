/**
 * A serial port. Settings and polling come from the binding of npm `serialport`; bytes are read and written here, straight
 * from and to the system, without its streams and its thread pool: what is free to go goes within the call, and what came in
 * is told in the same turn of the event loop. Its `isOpen` and `close` are not relied on.
 */
import { EventEmitter } from 'node:events';
import { readSync, writeSync } from 'node:fs';
import type { LinuxPortBinding } from '@serialport/bindings-cpp';
import { type Clock, systemClock, type Timer } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import { loadBinding, type SerialBinding } from './binding.ts';
import { MAX_UNSENT_BYTES, type Transport, type TransportEvents } from './contract.ts';
import { within } from './deadline.ts';
import { noteGivenBack, whenGivenBack } from './given-back.ts';
import { shortenLatencyTimer } from './latency-timer.ts';
import { goneReason, portError } from './port-error.ts';

const READABLE = 1;
const WRITABLE = 2;
const OPEN_DEADLINE_MS = 5000;
/** A line takes a full queue in less than two seconds; one that takes nothing at all for this long is dead. */
const STUCK_MS = 3000;
const DRAIN_DEADLINE_MS = 2000;
const CONTROL_DEADLINE_MS = 2000;
const CLOSE_DEADLINE_MS = 500;
const GIVEN_BACK_MS = 3000;
/** A tty holds 4096 bytes. */
const FLUSH_READS = 16;
/** A port that tells of bytes and has none, over and over, is dead. */
const MOST_IN_VAIN = 100;
/** What is read is copied out of it at once. */
const scratch = new Uint8Array(16_384);

export interface SerialParts {
  readonly clock?: Clock;
  /** Loads the native binding; replaced in tests. */
  readonly loadBinding?: () => Promise<SerialBinding>;
  readonly openDeadlineMs?: number;
}

interface Unsent {
  bytes: Uint8Array;
  readonly done: () => void;
}

export class SerialTransport implements Transport {
  readonly name: string;
  readonly events = new EventEmitter<TransportEvents>();
  readonly #clock: Clock;
  readonly #loadBinding: NonNullable<SerialParts['loadBinding']>;
  readonly #openDeadlineMs: number;
  #baud: number;
  #port: LinuxPortBinding | null = null;
  #opening: Promise<LinuxPortBinding> | null = null;
  #fd = -1;
  #state: 'new' | 'opening' | 'open' | 'gone' | 'closed' = 'new';
  #unsent: Unsent[] = [];
  #unsentBytes = 0;
  #inVain = 0;
  #stuck: Timer | null = null;
  /** The system raises both when a port is opened. */
  #lines = { rts: true, dtr: true };
  #released: Promise<void> = Promise.resolve();
  /** Changes of settings, one after the other. */
  #control: Promise<unknown> = Promise.resolve();

  /** Opens nothing yet. @param baud speed it is opened with */
  constructor(path: string, baud: number, parts: SerialParts = {}) {
    this.name = path;
    this.#baud = baud;
    this.#clock = parts.clock ?? systemClock;
    this.#loadBinding = parts.loadBinding ?? loadBinding;
    this.#openDeadlineMs = parts.openDeadlineMs ?? OPEN_DEADLINE_MS;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  async open(): Promise<void> {
    if (this.#state !== 'new') throw new RigError('E_DEVICE_PORT', `the port ${this.name} was opened before`, { context: { port: this.name } });
    this.#state = 'opening';
    try {
      const binding = await this.#loadBinding();
      // Not for ever: what hangs may have been another device under the same name.
      await within(this.#clock, GIVEN_BACK_MS, whenGivenBack(this.name));
      this.#refuseClosed();
      this.#opening = binding.open({ path: this.name, baudRate: this.#baud }) as Promise<LinuxPortBinding>;
      const port = await within(this.#clock, this.#openDeadlineMs, this.#opening);
      if (port === 'late') throw new RigError('E_DEVICE_PORT', `the port ${this.name} did not open within ${this.#openDeadlineMs / 1000} s`, { context: { port: this.name }, hint: 'Unplug the device and plug it in again.' });
      this.#refuseClosed();
      this.#attach(port);
    } catch (error) {
      this.#abandon();
      throw portError(this.name, error);
    }
    await shortenLatencyTimer(this.name).then((timer) => (timer === 'refused' ? this.#lowLatency() : undefined));
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#state !== 'open' || bytes.length === 0) return Promise.resolve();
    let at = 0;
    if (this.#unsent.length === 0) {
      at = this.#put(bytes);
      if (at === bytes.length || !this.isOpen) return Promise.resolve();
    }
    const rest = bytes.slice(at);
    if (this.#unsentBytes + rest.length > MAX_UNSENT_BYTES) {
      this.#gone(`${this.name} takes no more bytes: ${this.#unsentBytes + rest.length} are waiting`);
      return Promise.resolve();
    }
    return new Promise((done) => {
      this.#unsent.push({ bytes: rest, done });
      this.#unsentBytes += rest.length;
      this.#stuck ??= this.#clock.after(STUCK_MS, () => this.#gone(`${this.name} has taken no byte for ${STUCK_MS / 1000} s`));
      this.#poll();
    });
  }

  async drain(): Promise<void> {
    const until = this.#clock.monotonic() + DRAIN_DEADLINE_MS;
    if ((await within(this.#clock, DRAIN_DEADLINE_MS, this.#emptied())) === 'late') return;
    const port = this.#port;
    if (port === null) return;
    const left = Math.max(1, until - this.#clock.monotonic());
    const done = await within(this.#clock, left, this.#one(() => (this.#port === port ? port.drain() : Promise.resolve()))).catch(() => undefined);
    // The thread that waits in the system comes back when there is nothing left to wait for.
    if (done === 'late' && this.#port === port) await within(this.#clock, CONTROL_DEADLINE_MS, port.flush()).catch(() => undefined);
  }

  async flushInput(): Promise<void> {
    // Not the call of the system: that throws away what goes out as well.
    try {
      for (let i = 0; i < FLUSH_READS && this.isOpen; i++) if (readSync(this.#fd, scratch, 0, scratch.length, null) === 0) this.#gone(`${this.name} went away`);
    } catch (error) {
      if (!waits(error)) this.#gone(goneReason(this.name, error));
    }
  }

  async setBaud(baud: number): Promise<void> {
    await this.#set((port) => port.update({ baudRate: baud }));
    this.#baud = baud;
  }

  async setLines(lines: { readonly rts?: boolean; readonly dtr?: boolean }): Promise<void> {
    this.#lines = { rts: lines.rts ?? this.#lines.rts, dtr: lines.dtr ?? this.#lines.dtr };
    await this.#set((port) => port.set(this.#lines));
  }

  async close(): Promise<void> {
    this.#abandon();
    if (this.#state !== 'gone') this.#state = 'closed';
    this.events.removeAllListeners();
    this.#release();
    await within(this.#clock, CLOSE_DEADLINE_MS, this.#released);
  }

  #refuseClosed(): void {
    if (this.#state !== 'opening') throw new RigError('E_DEVICE_PORT', `the port ${this.name} was closed while it opened`, { context: { port: this.name } });
  }

  /** Ends an opening under way: what opens after all, some day, is nobody's. */
  #abandon(): void {
    if (this.#state !== 'opening') return;
    this.#state = 'closed';
    if (this.#opening !== null) this.#giveBack(this.#opening.then((late) => late.close()));
  }

  #giveBack(closing: Promise<unknown>): void {
    this.#released = noteGivenBack(this.name, closing);
  }

  #attach(port: LinuxPortBinding): void {
    this.#port = port;
    this.#fd = port.fd as number;
    this.#state = 'open';
    // Called by the library outside of any turn of Node: promises would wait for the next one. So the work is done in one.
    port.poller.on('readable', (error: Error | null) => setImmediate(() => this.#onReadable(port, error)));
    port.poller.on('writable', (error: Error | null) => setImmediate(() => this.#onWritable(port, error)));
    this.#poll();
  }

  /** The library asks for the last thing only, where there are two to wait for. */
  #poll(): void {
    try {
      this.#port?.poller.poll(this.#unsent.length > 0 ? READABLE | WRITABLE : READABLE);
    } catch (error) {
      this.#gone(goneReason(this.name, error));
    }
  }

  #onReadable(port: LinuxPortBinding, error: Error | null): void {
    if (this.#port !== port) return;
    if (error !== null) return this.#gone(goneReason(this.name, error));
    let length = 0;
    try {
      length = readSync(this.#fd, scratch, 0, scratch.length, null);
      if (length === 0) return this.#gone(`${this.name} went away`);
    } catch (cause) {
      this.#inVain += 1;
      if (!waits(cause) || this.#inVain > MOST_IN_VAIN) return this.#gone(goneReason(this.name, cause));
    }
    this.#poll();
    if (length === 0) return;
    this.#inVain = 0;
    this.events.emit('data', scratch.slice(0, length));
  }

  #onWritable(port: LinuxPortBinding, error: Error | null): void {
    if (this.#port !== port) return;
    if (error !== null) return this.#gone(goneReason(this.name, error));
    for (let next = this.#unsent[0]; next !== undefined && this.isOpen; next = this.#unsent[0]) {
      const taken = this.#put(next.bytes);
      this.#unsentBytes -= taken;
      if (taken > 0) this.#notStuck();
      if (taken < next.bytes.length) {
        next.bytes = next.bytes.subarray(taken);
        break;
      }
      this.#unsent.shift();
      next.done();
    }
    if (this.#unsent.length === 0) this.#notStuck();
    this.#poll();
  }

  #notStuck(): void {
    this.#stuck?.cancel();
    this.#stuck = this.#unsent.length === 0 ? null : this.#clock.after(STUCK_MS, () => this.#gone(`${this.name} has taken no byte for ${STUCK_MS / 1000} s`));
  }

  /** @returns bytes the system took */
  #put(bytes: Uint8Array): number {
    try {
      return writeSync(this.#fd, bytes);
    } catch (error) {
      if (!waits(error)) this.#gone(goneReason(this.name, error));
      return 0;
    }
  }

  /** Resolves when nothing waits any more. */
  #emptied(): Promise<void> {
    if (this.#unsent.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#unsent.push({ bytes: new Uint8Array(0), done: resolve });
      this.#poll();
    });
  }

  #one<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#control.then(work, work);
    this.#control = done.catch(() => undefined);
    return done;
  }

  /** Changes a setting. A pseudo terminal has no modem lines: that it says so is no error. */
  async #set(change: (port: LinuxPortBinding) => Promise<void>): Promise<void> {
    const port = this.#port;
    if (port === null) throw new RigError('E_DEVICE_PORT', `the port ${this.name} is not open`, { context: { port: this.name } });
    try {
      const done = await within(this.#clock, CONTROL_DEADLINE_MS, this.#one(() => (this.#port === port ? change(port) : Promise.resolve())));
      if (done === 'late') throw new RigError('E_DEVICE_PORT', `the port ${this.name} does not take its settings`, { context: { port: this.name } });
    } catch (error) {
      if (!/inappropriate ioctl|invalid argument/i.test(messageOf(error))) throw portError(this.name, error);
    }
  }

  /** What a user without rights may ask of an FTDI bridge: the same millisecond. Best effort. */
  async #lowLatency(): Promise<void> {
    await this.#set((port) => port.set({ ...this.#lines, lowLatency: true })).catch(() => undefined);
  }

  #gone(reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'gone';
    this.#release();
    this.events.emit('gone', reason);
  }

  /** Gives the port back. Nothing is told any more, nobody is kept waiting. */
  #release(): void {
    this.#stuck?.cancel();
    this.#stuck = null;
    for (const { done } of this.#unsent.splice(0)) done();
    this.#unsentBytes = 0;
    const port = this.#port;
    if (port === null) return;
    this.#port = null;
    port.poller.removeAllListeners();
    port.poller.stop();
    // What has not left would keep the system waiting for up to half a minute.
    this.#giveBack(port.flush().catch(() => undefined).then(() => port.close()));
  }
}

/** True when the system has nothing to give, or no room, at this moment. */
function waits(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EAGAIN' || code === 'EWOULDBLOCK' || code === 'EINTR';
}
