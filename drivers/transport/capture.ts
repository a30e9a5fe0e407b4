/** A line that notes down what goes over it, for whoever wants to see it later; in everything else the line itself. */
import type { EventEmitter } from 'node:events';
import type { Transport, TransportEvents } from './contract.ts';

/** Takes notes; never throws and never keeps the line waiting. */
export interface CaptureSink {
  /** tx: to the chips. rx: from them. */
  bytes(direction: 'tx' | 'rx', bytes: Uint8Array): void;
  /** Something that is no byte: a change of speed, the end of the line. */
  event(name: string, facts?: Readonly<Record<string, unknown>>): void;
  /** Brings everything to where it is kept. Never rejects. */
  close(): Promise<void>;
}

/** The line with a tap on it. The sink is closed with it. */
export function captureTransport(transport: Transport, sink: CaptureSink): Transport {
  return new CapturedTransport(transport, sink);
}

class CapturedTransport implements Transport {
  readonly #line: Transport;
  readonly #sink: CaptureSink;

  constructor(line: Transport, sink: CaptureSink) {
    this.#line = line;
    this.#sink = sink;
    // First of all listeners, so that an answer is noted down before what is sent on account of it.
    line.events.prependListener('data', (bytes) => sink.bytes('rx', bytes));
    line.events.prependListener('gone', (reason) => sink.event('gone', { reason }));
  }

  get name(): string {
    return this.#line.name;
  }

  get events(): EventEmitter<TransportEvents> {
    return this.#line.events;
  }

  get isOpen(): boolean {
    return this.#line.isOpen;
  }

  open(): Promise<void> {
    return this.#line.open();
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#line.isOpen && bytes.length > 0) this.#sink.bytes('tx', bytes);
    return this.#line.write(bytes);
  }

  drain(): Promise<void> {
    return this.#line.drain();
  }

  flushInput(): Promise<void> {
    return this.#line.flushInput();
  }

  async setBaud(baud: number): Promise<void> {
    this.#sink.event('host_baud_change', { baud });
    await this.#line.setBaud(baud);
  }

  async setLines(lines: { readonly rts?: boolean; readonly dtr?: boolean }): Promise<void> {
    this.#sink.event('modem_lines', lines);
    await this.#line.setLines(lines);
  }

  async close(): Promise<void> {
    await this.#line.close();
    await this.#sink.close();
  }
}
