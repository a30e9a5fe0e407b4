import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** Time that passed unused (waiting for the disk, held up by others) is not made up for beyond this. */
const MOST_CREDIT_MS = 1000;

export interface Usage {
  /** CPU time of this process, milliseconds. */
  cpuMs(): number;
  /** Milliseconds that never jump. */
  wallMs(): number;
}

const ownUsage: Usage = {
  cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  wallMs: () => performance.now(),
};

/** Rests that keep a process at a part of a core: after work that took so much CPU time, as long as makes that the part allowed. */
export class DutyCycle {
  readonly #percent: number;
  readonly #usage: Usage;
  #cpu: number;
  #wall: number;

  /** @param percent of one core, 1 to 100; 100 = no rests */
  constructor(percent: number, usage: Usage = ownUsage) {
    this.#percent = percent;
    this.#usage = usage;
    this.#cpu = usage.cpuMs();
    this.#wall = usage.wallMs();
  }

  /** How long to rest now, milliseconds. */
  due(): number {
    if (this.#percent >= 100) return 0;
    const now = this.#usage.wallMs();
    const owed = ((this.#usage.cpuMs() - this.#cpu) * 100) / this.#percent - (now - this.#wall);
    // Moving the beginning makes what is in hand exactly the most there may be.
    if (owed < -MOST_CREDIT_MS) this.#wall += -owed - MOST_CREDIT_MS;
    return Math.max(0, owed);
  }

  /** Between two pieces of work; the thread is free meanwhile. */
  async rest(): Promise<void> {
    const ms = this.due();
    await (ms > 0 ? sleep(ms) : nextTurn());
  }

  /** The same in the middle of work that cannot wait for a promise: the thread stands still. */
  restBlocking(): void {
    const ms = this.due();
    if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  }
}
