/** Commands that wait for their moment in the life of a board: bounded in number, each with a deadline. */
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';

const WAITING_AT_MOST = 16;

export interface Op {
  readonly name: string;
  /** What the board must be like: running, at rest (or not there at all), or only open. */
  readonly when: 'running' | 'resting' | 'open';
  /** How long it may wait for that, ms. */
  readonly deadlineMs: number;
  readonly run: () => Promise<void>;
  /** Why it still waits, in plain words: for when its deadline comes. */
  readonly describe: () => string;
}

interface Waiting {
  readonly op: Op;
  readonly timer: Timer;
  readonly settle: (error: unknown | null) => void;
}

export class OpQueue {
  readonly #id: string;
  readonly #clock: Clock;
  readonly #wake: () => void;
  #waiting: Waiting[] = [];

  constructor(id: string, clock: Clock, wake: () => void) {
    this.#id = id;
    this.#clock = clock;
    this.#wake = wake;
  }

  /** @returns settles when it has been carried out. @throws RigError E_DEVICE_COMMAND also when its moment does not come in time */
  add(op: Op): Promise<void> {
    if (this.#waiting.length >= WAITING_AT_MOST) throw this.#refusal(`${WAITING_AT_MOST} commands wait already`);
    return new Promise((resolve, reject) => {
      const settle = (error: unknown | null): void => {
        timer.cancel();
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        if (error === null) resolve();
        else reject(error instanceof Error ? error : this.#refusal(String(error)));
      };
      const timer = this.#clock.after(op.deadlineMs, () => settle(this.#refusal(`cannot ${op.name} now: ${op.describe()}`)));
      const waiting: Waiting = { op, timer, settle };
      this.#waiting.push(waiting);
      this.#wake();
    });
  }

  /** Carries out what may be, in order. Never rejects. @param board what it is like, null = there is something more urgent; asked anew before each */
  async serve(board: () => { readonly running: boolean; readonly open: boolean } | null): Promise<void> {
    for (const waiting of [...this.#waiting]) {
      const now = board();
      if (now === null) return;
      const { running, open } = now;
      const { when } = waiting.op;
      if (!this.#waiting.includes(waiting) || !(when === 'open' ? open : (when === 'running') === running)) continue;
      waiting.timer.cancel();
      try {
        await waiting.op.run();
        waiting.settle(null);
      } catch (error) {
        waiting.settle(error);
      }
    }
  }

  refuseAll(): void {
    for (const { settle } of [...this.#waiting]) settle(this.#refusal('it is being stopped'));
  }

  #refusal(words: string): RigError {
    return new RigError('E_DEVICE_COMMAND', `${this.#id}: ${words}`, { context: { device: this.#id } });
  }
}
