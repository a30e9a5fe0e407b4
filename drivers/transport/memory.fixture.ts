/** A line in memory, for tests: what is written is handed to the other side at once, what that says comes in the next microtask, as bytes do. */
import { EventEmitter } from 'node:events';
import { RigError } from '../../protocol/common/errors.ts';
import { MAX_UNSENT_BYTES, type Transport, type TransportEvents } from './contract.ts';

export class MemoryTransport implements Transport {
  readonly name: string;
  readonly events = new EventEmitter<TransportEvents>();
  /** Everything written, a call an element. */
  readonly written: Uint8Array[] = [];
  baud: number;
  lines: { rts?: boolean; dtr?: boolean } = {};
  /** Set: the other side takes nothing, as a line that hangs. */
  stuck = false;
  /** Takes what was written: the other side. */
  onWrite: (bytes: Uint8Array) => void = () => {};
  onBaud: (baud: number) => void = () => {};
  onLines: (lines: { readonly rts?: boolean; readonly dtr?: boolean }) => void = () => {};
  /** What `open` rejects with; null = it opens. */
  openError: RigError | null = null;
  /** Times it was opened and not closed. */
  openCount = 0;
  #state: 'new' | 'open' | 'gone' | 'closed' = 'new';
  #incoming: Uint8Array[] = [];
  #waiting: { bytes: Uint8Array; done: () => void }[] = [];

  constructor(name = 'memory', baud = 115_200) {
    this.name = name;
    this.baud = baud;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  async open(): Promise<void> {
    if (this.#state !== 'new') throw new RigError('E_DEVICE_PORT', `${this.name} was opened before`);
    if (this.openError !== null) {
      this.#state = 'closed';
      throw this.openError;
    }
    this.#state = 'open';
    this.openCount = 1;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (!this.isOpen || bytes.length === 0) return Promise.resolve();
    if (!this.stuck) {
      this.#hand(bytes.slice());
      return Promise.resolve();
    }
    const waiting = this.#waiting.reduce((sum, { bytes: { length } }) => sum + length, bytes.length);
    if (waiting > MAX_UNSENT_BYTES) {
      this.unplug(`${this.name} takes no more bytes`);
      return Promise.resolve();
    }
    return new Promise((done) => this.#waiting.push({ bytes: bytes.slice(), done }));
  }

  /** The other side takes bytes again. */
  unstick(): void {
    this.stuck = false;
    for (const { bytes, done } of this.#waiting.splice(0)) {
      this.#hand(bytes);
      done();
    }
  }

  #hand(bytes: Uint8Array): void {
    this.written.push(bytes);
    this.onWrite(bytes);
  }

  /** The other side says something. */
  feed(bytes: Uint8Array): void {
    if (!this.isOpen) return;
    this.#incoming.push(bytes.slice());
    queueMicrotask(() => {
      const next = this.#incoming.shift();
      if (next !== undefined && this.isOpen) this.events.emit('data', next);
    });
  }

  /** The plug is pulled. */
  unplug(reason = `${this.name} went away`): void {
    if (!this.isOpen) return;
    this.#state = 'gone';
    this.#release();
    this.events.emit('gone', reason);
  }

  async drain(): Promise<void> {}

  async flushInput(): Promise<void> {
    this.#incoming = [];
  }

  async setBaud(baud: number): Promise<void> {
    this.#needOpen();
    this.baud = baud;
    this.onBaud(baud);
  }

  async setLines(lines: { readonly rts?: boolean; readonly dtr?: boolean }): Promise<void> {
    this.#needOpen();
    this.lines = { ...this.lines, ...lines };
    this.onLines(this.lines);
  }

  async close(): Promise<void> {
    if (this.#state !== 'gone') this.#state = 'closed';
    this.events.removeAllListeners();
    this.#release();
  }

  #release(): void {
    this.openCount = 0;
    this.#incoming = [];
    for (const { done } of this.#waiting.splice(0)) done();
  }

  #needOpen(): void {
    if (!this.isOpen) throw new RigError('E_DEVICE_PORT', `${this.name} is not open`);
  }
}
