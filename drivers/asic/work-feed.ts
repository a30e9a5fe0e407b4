/**
 * Which work the chips search: one slot where the newest wins, a timer that asks for the next before the chips begin to repeat
 * themselves, and the table of what was sent. The same work is not searched twice.
 */
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import type { Work } from '../contract.ts';
import type { Board } from './board.ts';
import { WorkTable } from './work-table.ts';

/** Who does not answer a request for work is asked again, no sooner than this. */
const ASK_AGAIN_MS = 1000;
const ASK_AT_LEAST_MS = 5;

export interface FeedHooks {
  /** The work is searched, or will be: another, please. May call `assign` before it returns. */
  wanted(workId: number): void;
  /** Just before work goes out. */
  sending(work: Work, board: Board): void;
}

export class WorkFeed {
  readonly table = new WorkTable();
  readonly #clock: Clock;
  readonly #hooks: FeedHooks;
  #board: Board | null = null;
  #work: Work | null = null;
  /** Id of the last work that went out since the board was attached; null = none yet. */
  #sentId: number | null = null;
  #timer: Timer | null = null;

  constructor(clock: Clock, hooks: FeedHooks) {
    this.#clock = clock;
    this.#hooks = hooks;
  }

  /** The newest work, sent or not; null = there is none. */
  get work(): Work | null {
    return this.#work;
  }

  /** The chips have work of ours. */
  get searching(): boolean {
    return this.#board !== null && this.#sentId !== null;
  }

  /** Chips wait for work. What an earlier start has begun to search is asked to be replaced. */
  attach(board: Board): void {
    this.#board = board;
    this.#sentId = null;
    const work = this.#work;
    if (!work) return;
    if (this.table.get(work.id)) this.ask();
    else this.#send(work);
  }

  detach(): void {
    this.#board = null;
    this.#sentId = null;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Takes the newest work and sends it at once, when there is a board for it. */
  assign(work: Work | null): void {
    this.#work = work;
    if (work && this.#board && !this.table.get(work.id)) this.#send(work);
    else if (!work) this.#arm(null);
  }

  /** Asks for newer work now. */
  ask(): void {
    const work = this.#work;
    if (!work || !this.#board) return;
    this.#arm(Math.max(ASK_AGAIN_MS, this.#board.facts?.jobIntervalMs ?? 0));
    this.#hooks.wanted(work.id);
  }

  /** For chips that may have lost their work: newer work, or when nobody has any, the same again. */
  resend(): void {
    const before = this.#work;
    this.ask();
    if (this.#work !== null && this.#work === before) this.#send(this.#work);
  }

  #send(work: Work): void {
    const board = this.#board;
    if (!board) return;
    this.#hooks.sending(work, board);
    this.table.add(work, this.#clock.monotonic());
    this.#sentId = work.id;
    board.send(work);
    this.#arm(board.facts?.jobIntervalMs ?? null);
  }

  #arm(ms: number | null): void {
    this.#timer?.cancel();
    this.#timer = ms === null ? null : this.#clock.after(Math.max(ASK_AT_LEAST_MS, ms), () => this.ask());
  }
}
