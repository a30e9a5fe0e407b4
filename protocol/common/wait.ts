import type { Clock } from './clock.ts';

/**
 * Resolves after `ms` milliseconds. @throws the reason of the first signal that is aborted, as soon as it is.
 * Several signals, because one joined of them for every short wait would pile up on a signal that lives long.
 */
export function wait(clock: Clock, ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = signals.find((signal) => signal.aborted);
    if (aborted) return reject(aborted.reason as Error);
    const end = (settle: () => void): void => {
      timer.cancel();
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (event: Event): void => end(() => reject((event.target as AbortSignal).reason as Error));
    const timer = clock.after(ms, () => end(resolve));
    for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
  });
}
