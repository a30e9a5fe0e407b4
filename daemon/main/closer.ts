import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';

interface Step {
  readonly name: string;
  readonly close: () => Promise<void> | void;
  readonly timeoutMs: number | null;
}

/** Closes what was opened, last opened first, each step with its own deadline, so that one that hangs holds up nothing. */
export class Closer {
  readonly #steps: Step[] = [];

  /**
   * Remembers how to close something that has just been opened.
   * @param timeoutMs deadline of this step when it is not that of all
   */
  add(name: string, close: () => Promise<void> | void, timeoutMs: number | null = null): void {
    this.#steps.push({ name, close, timeoutMs });
  }

  /** Runs every step once. Never rejects. */
  async closeAll(stepTimeoutMs: number, log: Log): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      const current = step;
      const timeoutMs = current.timeoutMs ?? stepTimeoutMs;
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`not closed within ${timeoutMs} ms`)), timeoutMs);
      });
      try {
        await Promise.race([Promise.resolve().then(() => current.close()), deadline]);
      } catch (error) {
        log.warn({ step: current.name, err: messageOf(error) }, 'did not close cleanly');
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
