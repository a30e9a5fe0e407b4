import { EventEmitter } from 'node:events';
import type { ManualClock } from '../../protocol/common/manual-clock.ts';
import type { Transport, TransportEvents } from '../transport/contract.ts';

/** A line whose other end is the test: what is written goes to `onWrite`, and `say` is heard by the driver. */
export class FakeLine implements Transport {
  readonly name: string;
  readonly events = new EventEmitter<TransportEvents>();
  readonly written: Uint8Array[] = [];
  readonly bauds: number[] = [];
  isOpen = false;
  onWrite: (bytes: Uint8Array) => void = () => {};

  constructor(name = '/dev/ttyFAKE0') {
    this.name = name;
  }

  open(): Promise<void> {
    this.isOpen = true;
    return Promise.resolve();
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.isOpen) {
      this.written.push(bytes.slice());
      this.onWrite(bytes);
    }
    return Promise.resolve();
  }

  say(bytes: Uint8Array): void {
    if (this.isOpen) this.events.emit('data', bytes);
  }

  unplug(reason = 'unplugged'): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.events.emit('gone', reason);
  }

  drain = (): Promise<void> => Promise.resolve();
  flushInput = (): Promise<void> => Promise.resolve();
  setLines = (): Promise<void> => Promise.resolve();

  setBaud(baud: number): Promise<void> {
    this.bauds.push(baud);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.isOpen = false;
    return Promise.resolve();
  }
}

/** Lets time pass until the promise has settled, and returns what it came to. */
export async function passUntil<T>(clock: ManualClock, promise: Promise<T>, stepMs = 1, mostMs = 120_000): Promise<T> {
  let settled = false;
  const watched = promise.finally(() => (settled = true));
  watched.catch(() => {});
  for (let ms = 0; ms <= mostMs && !settled; ms += stepMs) {
    for (let i = 0; i < 20 && !settled; i++) await Promise.resolve();
    if (!settled) clock.advance(stepMs);
  }
  if (!settled) throw new Error(`not done after ${mostMs} ms`);
  return watched;
}
