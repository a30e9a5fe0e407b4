import { describe, expect, it } from 'vitest';
import { selfTestSteps } from './self-test.ts';
import { atOnce, everyMs, inTurns } from './steps.ts';
import { jsKernel } from './workers/kernels.ts';

/** Yields after each of `count` pieces of work that take that long. */
function* work(count: number, ms: number): Generator<void, string> {
  for (let i = 0; i < count; i++) {
    for (const end = performance.now() + ms; performance.now() < end; );
    yield;
  }
  return 'done';
}

describe('steps', () => {
  it('run at once, or with a turn of the event loop after each', async () => {
    expect(atOnce(work(3, 0))).toBe('done');
    let turns = 0;
    const done = inTurns(work(5, 0));
    const count = (): void => void (turns++, turns < 100 && setImmediate(count));
    setImmediate(count);
    expect(await done).toBe('done');
    expect(turns).toBeGreaterThanOrEqual(4);
    expect(turns).toBeLessThan(100);
  });

  it('yield only so often', () => {
    expect([...everyMs(1, work(4, 2))]).toHaveLength(4);
    expect([...everyMs(1e6, work(100, 0))]).toHaveLength(0);
    expect(atOnce(everyMs(1, work(2, 0)))).toBe('done');
  });
});

describe('selfTestSteps', () => {
  it('asks the kernel for no more than two small things before it yields again', () => {
    let calls = 0;
    let most = 0;
    const good = jsKernel().scanner();
    const counting = { ...good, scan: (...args: Parameters<typeof good.scan>) => ((most = Math.max(most, ++calls)), good.scan(...args)) };
    const steps = selfTestSteps(counting);
    let step = steps.next();
    for (; !step.done; step = steps.next()) calls = 0;
    expect(step.value).toBeNull();
    expect(most).toBe(2);
  });
});
