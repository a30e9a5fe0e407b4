/** A board that is being looked after: its events on their way to those who want them, its start and its stop with deadlines. */
import type { Clock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { Board, BoardFacts, BoardNonce, BoardSettings, BoardTrouble } from './board.ts';
import { type Outcome, within } from './waiting.ts';

/** A chain of a hundred chips with all its registers and a ramp in steps of 100 ms takes half of it. */
const START_MS = 60_000;
/** A start that is cut short must end within this. */
const ABORT_MS = 200;
const APPLY_MS = 60_000;
const HALT_MS = 3000;
/** The contract of Board.stop. */
const STOP_MS = 1000;

export interface BoardListener {
  answer(): void;
  nonce(nonce: BoardNonce): void;
  idle(): void;
  sent(workId: number): void;
}

export class Mounted {
  readonly board: Board;
  readonly #clock: Clock;
  readonly #unlisten: () => void;
  #opened = false;
  #hung = false;

  constructor(board: Board, clock: Clock, listener: BoardListener, onTrouble: (trouble: BoardTrouble) => void) {
    this.board = board;
    this.#clock = clock;
    const answer = (): void => listener.answer();
    const nonce = (nonce: BoardNonce): void => listener.nonce(nonce);
    const idle = (): void => listener.idle();
    const sent = (workId: number): void => listener.sent(workId);
    board.events.on('answer', answer).on('nonce', nonce).on('idle', idle).on('sent', sent).on('trouble', onTrouble);
    this.#unlisten = () => board.events.off('answer', answer).off('nonce', nonce).off('idle', idle).off('sent', sent).off('trouble', onTrouble);
  }

  /** It has been started once, so its ports are open. */
  get opened(): boolean {
    return this.#opened;
  }

  /** A start of it did not even end when it was told to: nothing more can be done with it. */
  get hung(): boolean {
    return this.#hung;
  }

  /** Starts it. Cut short by `attempt`, which also goes off when it takes too long. Never rejects. */
  async start(attempt: AbortController): Promise<{ readonly facts: BoardFacts } | { readonly error: unknown }> {
    this.#opened = true;
    const { board } = this;
    const starting = Promise.resolve().then(() => board.start(attempt.signal));
    let outcome: Outcome<BoardFacts> = await within(this.#clock, START_MS, starting, attempt.signal);
    if (outcome.kind === 'late') {
      attempt.abort(new RigError('E_DEVICE_SILENT', `it did not start within ${START_MS / 1000} s`));
      outcome = await within(this.#clock, ABORT_MS, starting);
    }
    if (outcome.kind === 'late') {
      this.#hung = true;
      // Whenever it ends, it ends safe.
      const end = (): Promise<void> => board.stop();
      starting.then(end, end).catch(() => {});
    }
    if (attempt.signal.aborted) return { error: attempt.signal.reason };
    return outcome.kind === 'done' ? { facts: outcome.value } : { error: outcome.kind === 'failed' ? outcome.error : attempt.signal.reason };
  }

  /** Sets values. @throws RigError as Board.apply, and E_DEVICE_CONTROL when it takes too long */
  async apply(settings: BoardSettings, signal: AbortSignal): Promise<void> {
    await this.#done('take the setting', APPLY_MS, this.board.apply(settings), signal);
  }

  /** @throws RigError as Board.identify, and E_DEVICE_CONTROL when it takes too long */
  async identify(signal: AbortSignal): Promise<void> {
    await this.#done('answer', HALT_MS, this.board.identify(), signal);
  }

  /** @returns false when it could not be halted in time */
  async halt(signal: AbortSignal): Promise<boolean> {
    const outcome = await within(this.#clock, HALT_MS, this.board.halt(), signal);
    return outcome.kind === 'done' || signal.aborted;
  }

  /** Stops and closes it, and hears nothing more of it. @returns false when it did not stop in time */
  async unmount(): Promise<boolean> {
    this.#unlisten();
    return (await within(this.#clock, STOP_MS, this.board.stop())).kind === 'done';
  }

  async #done(what: string, ms: number, promise: Promise<void>, signal: AbortSignal): Promise<void> {
    const outcome = await within(this.#clock, ms, promise, signal);
    if (outcome.kind === 'failed') throw outcome.error;
    if (outcome.kind === 'done') return;
    if (signal.aborted) throw signal.reason;
    throw new RigError('E_DEVICE_CONTROL', `the board did not ${what} within ${ms / 1000} s`);
  }
}
