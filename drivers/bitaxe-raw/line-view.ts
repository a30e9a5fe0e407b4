import { EventEmitter } from 'node:events';
import type { Transport, TransportEvents } from '../transport/contract.ts';

/**
 * A view of an open line that can be cut off: afterwards nothing is sent or heard through it, while the line itself stays
 * open. Each bring-up has its own, so that what is left of an ended one cannot reach chips that start anew.
 */
export class LineView implements Transport {
  readonly events = new EventEmitter<TransportEvents>();
  readonly #line: Transport;
  #cut = false;
  readonly #onData = (bytes: Uint8Array): void => void this.events.emit('data', bytes);
  readonly #onGone = (reason: string): void => void this.events.emit('gone', reason);

  constructor(line: Transport) {
    this.#line = line;
    line.events.on('data', this.#onData);
    line.events.on('gone', this.#onGone);
  }

  get name(): string {
    return this.#line.name;
  }

  get isOpen(): boolean {
    return !this.#cut && this.#line.isOpen;
  }

  /** The owner of the line has opened it. */
  open(): Promise<void> {
    return Promise.resolve();
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#cut ? Promise.resolve() : this.#line.write(bytes);
  }

  drain(): Promise<void> {
    return this.#cut ? Promise.resolve() : this.#line.drain();
  }

  flushInput(): Promise<void> {
    return this.#cut ? Promise.resolve() : this.#line.flushInput();
  }

  setBaud(baud: number): Promise<void> {
    return this.#cut ? Promise.resolve() : this.#line.setBaud(baud);
  }

  setLines(lines: { readonly rts?: boolean; readonly dtr?: boolean }): Promise<void> {
    return this.#cut ? Promise.resolve() : this.#line.setLines(lines);
  }

  /** Cuts the view off; the line stays open. */
  close(): Promise<void> {
    this.#cut = true;
    this.#line.events.off('data', this.#onData);
    this.#line.events.off('gone', this.#onGone);
    return Promise.resolve();
  }
}
