import { RigError } from '../../protocol/common/errors.ts';

/**
 * One thing at a time is done to a board, and it can be ended from outside at any moment: whoever waits for it then hears of it
 * at once. What is left of it may still be running for an instant; it must reach the board through its signal only.
 */
export class Operation {
  readonly #abort = new AbortController();
  #settled: Promise<void> = Promise.resolve();
  #reason: Error | null = null;

  /** @throws what `work` throws; when it was ended, the reason for that */
  async run<T>(signal: AbortSignal | null, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const own = signal === null ? this.#abort.signal : AbortSignal.any([signal, this.#abort.signal]);
    own.throwIfAborted();
    let onAbort!: () => void;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(own.reason as Error);
      own.addEventListener('abort', onAbort, { once: true });
    });
    const working = work(own);
    this.#settled = working.then(() => {}, () => {});
    try {
      return await Promise.race([working, aborted]);
    } catch (error) {
      if (own.aborted) throw own.reason;
      throw error;
    } finally {
      own.removeEventListener('abort', onAbort);
    }
  }

  /** Ends it; harmless when it is over. */
  end(reason: Error): void {
    this.#reason ??= reason;
    this.#abort.abort(this.#reason);
  }

  /** Resolves when nothing of it is running any more. */
  get settled(): Promise<void> {
    return this.#settled;
  }
}

/** Why an operation ended: somebody wanted something else. */
export function superseded(by: string): RigError {
  return new RigError('E_DEVICE_COMMAND', `ended: ${by}`);
}
