import type { Clock, Timer } from '../../protocol/common/clock.ts';
import type { StickPort } from './port.ts';

interface Frame {
  readonly bytes: Uint8Array;
  readonly taken: (() => void) | null;
}

export interface Pace {
  /** Time a byte takes on the line, ms. */
  readonly byteMs: number;
  /** Silence there must be between two frames, ms. */
  readonly gapMs: number;
}

/** Frames that may wait; more can only be a defect. */
const MOST_WAITING = 64;

/**
 * Sends frames with a pause in between, for chips that know the beginning of a frame by the silence before it: a command that
 * follows a task without one would be taken for its end. Of jobs only the newest waits, and it goes before commands.
 */
export class PacedSender {
  readonly #port: StickPort;
  readonly #clock: Clock;
  readonly #pace: Pace;
  #commands: Frame[] = [];
  #job: Frame | null = null;
  #freeAt = -Infinity;
  #timer: Timer | null = null;

  constructor(port: StickPort, clock: Clock, pace: Pace) {
    this.#port = port;
    this.#clock = clock;
    this.#pace = pace;
  }

  command(bytes: Uint8Array): void {
    if (this.#commands.length < MOST_WAITING) this.#commands.push({ bytes, taken: null });
    this.#next();
  }

  /** @param taken called when the system has taken the last byte; not when a newer job came before it went out, or the port has gone */
  job(bytes: Uint8Array, taken: () => void): void {
    this.#job = { bytes, taken };
    this.#next();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#commands = [];
    this.#job = null;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #next(): void {
    while (this.#timer === null) {
      if (this.#job === null && this.#commands.length === 0) return;
      const now = this.#clock.monotonic();
      if (now < this.#freeAt) {
        this.#timer = this.#clock.after(this.#freeAt - now, () => {
          this.#timer = null;
          this.#next();
        });
        return;
      }
      const frame = this.#job ?? this.#commands.shift()!;
      if (frame === this.#job) this.#job = null;
      this.#freeAt = now + frame.bytes.length * this.#pace.byteMs + this.#pace.gapMs;
      void this.#port.send(frame.bytes).then((taken) => {
        if (taken) frame.taken?.();
      });
    }
  }
}
