/** Long work in small steps: a generator yields where the event loop may go on. */
import { setImmediate as turn } from 'node:timers/promises';

/** Runs the steps without a pause. @returns their result */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Runs the steps with a turn of the event loop after each. @returns their result */
export async function inTurns<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await turn();
  }
}

/** The same steps, yielding only when `ms` milliseconds have passed since it last did: a turn of the event loop is not free. */
export function* everyMs<T>(ms: number, steps: Generator<void, T>): Generator<void, T> {
  for (let since = performance.now(); ; ) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - since < ms) continue;
    yield;
    since = performance.now();
  }
}
