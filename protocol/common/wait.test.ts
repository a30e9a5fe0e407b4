import { expect, it } from 'vitest';
import { ManualClock } from './manual-clock.ts';
import { wait } from './wait.ts';

it('waits as long as it is told, and not at all once it is aborted', async () => {
  const clock = new ManualClock();
  let done = false;
  const waiting = wait(clock, 100).then(() => (done = true));
  clock.advance(99);
  await Promise.resolve();
  expect(done).toBe(false);
  clock.advance(1);
  await waiting;

  const abort = new AbortController();
  const stopped = wait(clock, 100, abort.signal);
  abort.abort(new Error('enough'));
  await expect(stopped).rejects.toThrow('enough');
  await expect(wait(clock, 100, abort.signal)).rejects.toThrow('enough');
  const second = new AbortController();
  const either = wait(clock, 100, new AbortController().signal, second.signal);
  second.abort(new Error('the other'));
  await expect(either).rejects.toThrow('the other');
  expect(clock.pendingTimers).toBe(0);
});
