import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';

interface Step {
  readonly name: string;
  readonly close: () => Promise<void> | void;
  /** Time set aside for this step; null = what is left, up to the common limit. */
  readonly ownMs: number | null;
}

export interface CloseLimits {
  /** Most that a step without a time of its own may take. */
  readonly stepMs: number;
  /** Most that all steps together may take. */
  readonly totalMs: number;
}

/** Closes what was opened, last opened first, each step with a deadline, so that one that hangs holds up nothing. */
export class Closer {
  readonly #steps: Step[] = [];

  /**
   * Remembers how to close something that has just been opened.
   * @param ownMs time that is kept for this step whatever the steps before it use up
   */
  add(name: string, close: () => Promise<void> | void, ownMs: number | null = null): void {
    this.#steps.push({ name, close, ownMs });
  }

  /** Runs every step once. Never rejects. */
  async closeAll({ stepMs, totalMs }: CloseLimits, clock: Clock, log: Log): Promise<void> {
    const end = clock.monotonic() + totalMs;
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      const reserved = this.#steps.reduce((sum, later) => sum + (later.ownMs ?? 0), 0);
      const left = Math.max(0, end - clock.monotonic() - reserved);
      await closeStep(step, step.ownMs ?? Math.min(stepMs, left), clock, log);
    }
  }
}

async function closeStep({ name, close }: Step, timeoutMs: number, clock: Clock, log: Log): Promise<void> {
  let cancel = (): void => {};
  const deadline = new Promise<never>((_, reject) => {
    const timer = clock.after(timeoutMs, () => reject(new Error(`not closed within ${Math.round(timeoutMs)} ms`)));
    cancel = () => timer.cancel();
  });
  try {
    await Promise.race([Promise.resolve().then(close), deadline]);
  } catch (error) {
    log.warn({ step: name, err: messageOf(error) }, 'did not close cleanly');
  } finally {
    cancel();
  }
}
