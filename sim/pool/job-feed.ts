/** The jobs of one session: difficulty, extranonce and mining.notify, and the wishes a miner has about them. */
import { difficultyOf, targetFromDifficulty } from '../chain/target.ts';
import type { PoolContext } from './context.ts';
import { notifyParams, type IssuedJob, type PoolJob } from './job.ts';
import type { Seat } from './seats.ts';

export class JobFeed {
  /** Null before mining.subscribe. */
  seat: Seat | null = null;
  /** The miner takes mining.set_extranonce. */
  extranonceSubscribed = false;
  #sentDifficulty: number | null = null;
  #suggested: number | null = null;
  #minimum = 0;
  #jumped = false;
  readonly #connection: number;
  readonly #context: PoolContext;
  readonly #notify: (method: string, params: readonly unknown[]) => void;

  constructor(connection: number, context: PoolContext, notify: (method: string, params: readonly unknown[]) => void) {
    this.#connection = connection;
    this.#context = context;
    this.#notify = notify;
  }

  /** Difficulty the miner was told last; null before the first. */
  get difficulty(): number | null {
    return this.#sentDifficulty;
  }

  get suggested(): number | null {
    return this.#suggested;
  }

  /** Takes a seat, back or new. */
  sit(previousSession: string | null): Seat {
    this.seat = this.#context.seats.take(previousSession, this.#context.settings.difficulty);
    this.#want(this.#suggested ?? this.seat.difficulty);
    return this.seat;
  }

  /** A difficulty the miner asks for, kept inside the pool's range. False when it is not a difficulty. */
  suggest(value: unknown): boolean {
    const difficulty = typeof value === 'string' ? Number(value) : value;
    if (typeof difficulty !== 'number' || !Number.isFinite(difficulty) || difficulty <= 0) return false;
    const { vardiff } = this.#context.settings;
    this.#suggested = vardiff ? Math.min(vardiff.max, Math.max(vardiff.min, difficulty)) : difficulty;
    this.#want(this.#suggested);
    return true;
  }

  /** The miner wants no lower difficulty than this (BIP310 minimum-difficulty). */
  atLeast(difficulty: number): void {
    this.#minimum = difficulty;
    if (this.seat) this.#want(this.seat.difficulty);
  }

  /** Sends a job, and the difficulty before it when that changed. */
  send(job: PoolJob, clean: boolean): void {
    const { seat } = this;
    if (!seat) return;
    const { difficultyJump } = this.#context.faults;
    if (difficultyJump !== null && !this.#jumped && this.#sentDifficulty !== null) {
      this.#jumped = true;
      this.#announce(this.#sentDifficulty * difficultyJump);
    } else this.#announce(this.#inForce(seat, job));
    this.#issue(seat, { id: this.#context.nextJobId(), job, ...this.#terms(seat) }, clean);
  }

  /** Changes the difficulty, with a fresh job to use it on; jobs sent before keep theirs. */
  setDifficulty(difficulty: number): void {
    if (!this.seat) return;
    this.#want(difficulty);
    const job = this.#context.freshJob();
    if (this.#inForce(this.seat, job) !== this.#sentDifficulty) this.send(job, false);
  }

  /**
   * Gives the session another extranonce1, then a job with it.
   * @param repeatJob send the current job again under its own id instead of a fresh one
   */
  changeExtranonce(repeatJob: boolean): void {
    const { seat } = this;
    if (!seat) return;
    seat.extranonce1 = this.#context.seats.nextExtranonce1();
    this.#notify('mining.set_extranonce', [seat.extranonce1.toString('hex'), this.#context.settings.extranonce2Size]);
    const latest = seat.latest();
    if (repeatJob && latest?.job.parent === this.#context.chain.tip.hash) this.#issue(seat, { ...latest, ...this.#terms(seat) }, false);
    else this.send(this.#context.freshJob(), true);
  }

  /** Gives the seat up, so that the session can be resumed. */
  end(): void {
    if (this.seat) this.#context.seats.leave(this.seat);
    this.seat = null;
  }

  #want(difficulty: number): void {
    if (this.seat) this.seat.difficulty = Math.max(difficulty, this.#minimum);
  }

  /** Never above the network's: a block would be too easy a share to be sent. */
  #inForce(seat: Seat, job: PoolJob): number {
    return Math.min(seat.difficulty, difficultyOf(job.template.target));
  }

  #terms(seat: Seat): Pick<IssuedJob, 'difficulty' | 'target' | 'extranonce1' | 'extranonce2Size'> {
    const difficulty = this.#sentDifficulty ?? seat.difficulty;
    return { difficulty, target: targetFromDifficulty(difficulty), extranonce1: seat.extranonce1, extranonce2Size: this.#context.settings.extranonce2Size };
  }

  #announce(difficulty: number): void {
    if (difficulty === this.#sentDifficulty) return;
    this.#sentDifficulty = difficulty;
    this.#notify('mining.set_difficulty', [difficulty]);
    this.#context.events.emit('difficulty', { connection: this.#connection, difficulty });
  }

  #issue(seat: Seat, issued: IssuedJob, clean: boolean): void {
    seat.issue(issued);
    this.#notify('mining.notify', notifyParams(issued, clean));
  }
}
