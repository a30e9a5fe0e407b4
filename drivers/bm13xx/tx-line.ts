/**
 * What goes out to running chips, as the wire takes it: a job goes before everything else, a newer job replaces one that has
 * not begun, and a control frame only begins when nothing is on the wire. So a job waits for one short frame at most, and behind
 * one job before it: that much is handed to the system ahead, so that no timer of ours leaves the wire idle in between.
 */
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import type { Transport } from '../transport/contract.ts';

/** Start, eight bits, stop. */
const BITS_PER_BYTE = 10;
/** A frame may begin this long before the last has left: a timer is no more exact than that. */
const LEAD_MS = 1;
/** The same for a job: 88 bytes at 115,200 baud, the slowest there is. */
const JOB_LEAD_MS = 8;
/** Control frames that may wait; one more is left out. A ramp waits for each of its steps. */
const MOST_WAITING = 64;

interface Job {
  readonly frame: () => Uint8Array;
  readonly sent: () => void;
}

export class TxLine {
  readonly #transport: Transport;
  readonly #clock: Clock;
  #baud: number;
  #job: Job | null = null;
  #control: Uint8Array[] = [];
  #freeAt = -Infinity;
  /** The system has not taken the last frame yet. */
  #unsent = false;
  #timer: Timer | null = null;

  constructor(transport: Transport, clock: Clock, baud: number) {
    this.#transport = transport;
    this.#clock = clock;
    this.#baud = baud;
  }

  /** Whether a control frame would have to wait. */
  get busy(): boolean {
    return this.#control.length > 0;
  }

  setBaud(baud: number): void {
    this.#baud = baud;
  }

  /** Time a frame of so many bytes is on the wire, ms. */
  wireMs(bytes: number): number {
    return (bytes * BITS_PER_BYTE * 1000) / this.#baud;
  }

  /**
   * Sends a job now, or as soon as the line is free; a job that waits is forgotten for it.
   * @param frame is asked for at the moment it goes
   * @param sent is called when the system has taken its last byte
   */
  job(frame: () => Uint8Array, sent: () => void): void {
    this.#job = { frame, sent };
    this.#pump();
  }

  /** Sends a frame when no job waits. */
  control(frame: Uint8Array): void {
    if (this.#control.length >= MOST_WAITING) return;
    this.#control.push(frame);
    this.#pump();
  }

  /** Forgets what has not begun. */
  clear(): void {
    this.#job = null;
    this.#control = [];
    this.#timer?.cancel();
    this.#timer = null;
  }

  #pump(): void {
    while (!this.#unsent && (this.#job !== null || this.#control.length > 0)) {
      const now = this.#clock.monotonic();
      const wait = this.#freeAt - now;
      const leadMs = this.#job !== null ? JOB_LEAD_MS : LEAD_MS;
      if (wait > leadMs) {
        this.#timer?.cancel();
        this.#timer = this.#clock.after(wait - leadMs + LEAD_MS / 2, () => {
          this.#timer = null;
          this.#pump();
        });
        return;
      }
      const job = this.#job;
      this.#job = null;
      const frame = job !== null ? job.frame() : this.#control.shift()!;
      this.#freeAt = Math.max(now, this.#freeAt) + this.wireMs(frame.length);
      this.#unsent = true;
      void this.#transport.write(frame).then(() => {
        this.#unsent = false;
        if (job !== null && this.#transport.isOpen) job.sent();
        this.#pump();
      });
    }
  }
}
