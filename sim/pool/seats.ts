/** Extranonce1 values: one for each session, never shared, given back to a miner that resumes. */
import { randomInt } from 'node:crypto';
import type { Clock } from '../../protocol/common/clock.ts';
import type { IssuedJob } from './job.ts';
import { JOBS_KEPT } from './options.ts';

/** Sessions that can be resumed; beyond this the oldest is forgotten. */
const RESUMABLE = 1024;

/** What outlives a connection: with its session id a miner gets this back. */
export class Seat {
  readonly sessionId: string;
  extranonce1: Buffer;
  /** Difficulty wanted for this miner, before the limits of the moment. */
  difficulty: number;
  readonly #issued = new Map<string, IssuedJob>();

  constructor(sessionId: string, extranonce1: Buffer, difficulty: number) {
    this.sessionId = sessionId;
    this.extranonce1 = extranonce1;
    this.difficulty = difficulty;
  }

  issue(job: IssuedJob): void {
    this.#issued.delete(job.id);
    this.#issued.set(job.id, job);
    for (const id of this.#issued.keys()) {
      if (this.#issued.size <= JOBS_KEPT) break;
      this.#issued.delete(id);
    }
  }

  issued(id: string): IssuedJob | undefined {
    return this.#issued.get(id);
  }

  /** The job sent last. */
  latest(): IssuedJob | undefined {
    return [...this.#issued.values()].at(-1);
  }
}

export class SeatBook {
  readonly #clock: Clock;
  readonly #size: number;
  readonly #resumeWithinMs: number;
  readonly #left = new Map<string, { seat: Seat; at: number }>();
  /** Starts anywhere, so that a restarted pool does not hand out the numbers of the run before. */
  #next = randomInt(2 ** 32);

  constructor(clock: Clock, extranonce1Size: number, resumeWithinMs: number) {
    this.#clock = clock;
    this.#size = extranonce1Size;
    this.#resumeWithinMs = resumeWithinMs;
  }

  /** @param previous session id the miner had before, if it names one that is free the miner gets that seat back */
  take(previous: string | null, difficulty: number): Seat {
    const left = previous === null ? undefined : this.#left.get(previous);
    if (left) this.#left.delete(left.seat.sessionId);
    if (left && this.#clock.monotonic() - left.at <= this.#resumeWithinMs) return left.seat;
    const extranonce1 = this.nextExtranonce1();
    return new Seat(`demo${extranonce1.toString('hex')}`, extranonce1, difficulty);
  }

  leave(seat: Seat): void {
    this.#left.set(seat.sessionId, { seat, at: this.#clock.monotonic() });
    for (const [id, { at }] of this.#left) {
      if (this.#left.size <= RESUMABLE && this.#clock.monotonic() - at <= this.#resumeWithinMs) return;
      this.#left.delete(id);
    }
  }

  /** A value no other session has: a counter in the first bytes. */
  nextExtranonce1(): Buffer {
    this.#next = (this.#next + 1) >>> 0;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.#next);
    return Buffer.concat([Buffer.alloc(Math.max(0, this.#size - 4)), counter.subarray(Math.max(0, 4 - this.#size))]);
  }
}
