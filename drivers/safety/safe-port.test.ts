import { expect, it } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { MemoryTransport } from '../transport/memory.fixture.ts';
import { makeSafeThrough } from './safe-port.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('has closed the port when it resolves, whatever became of the work', async () => {
  const clock = new ManualClock();
  const works = [async () => ({ safe: true, words: 'off' }), () => Promise.reject(new Error('refused')), () => new Promise<never>(() => {})];
  const words: string[] = [];
  for (const work of works) {
    const line = new MemoryTransport('/dev/ttyTEST');
    const made = makeSafeThrough(clock, line, work);
    await turn();
    clock.advance(1700);
    words.push((await made).words);
    expect(line.openCount).toBe(0);
  }
  expect(words).toEqual(['off', 'refused', '/dev/ttyTEST: not done within 1700 ms']);
  expect(clock.pendingTimers).toBe(0);
});

it('does not wait for a port that hangs while it opens, and does nothing with one that opens too late', async () => {
  const clock = new ManualClock();
  const line = new MemoryTransport('/dev/ttyTEST');
  let opens = (): void => {};
  line.open = () => new Promise((resolve) => (opens = resolve));
  let worked = false;
  const made = makeSafeThrough(clock, line, async () => {
    worked = true;
    return { safe: true, words: 'off' };
  });
  clock.advance(1700);
  expect(await made).toEqual({ safe: false, words: '/dev/ttyTEST: not done within 1700 ms' });
  opens();
  await turn();
  expect(worked).toBe(false);
});
