import { expect, test } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { Closer } from './closer.ts';

const LIMITS = { stepMs: 1500, totalMs: 4500 };
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

test('closes in the reverse order of opening, and goes on after one that throws', async () => {
  const closed: string[] = [];
  const closer = new Closer();
  closer.add('first', () => void closed.push('first'));
  closer.add('broken', () => {
    throw new Error('broken');
  });
  closer.add('last', async () => void closed.push('last'));
  await closer.closeAll(LIMITS, new ManualClock(), silentLog);
  expect(closed).toEqual(['last', 'first']);
});

test('steps that hang cost their limit, and never the time kept for the ledger', async () => {
  const clock = new ManualClock();
  const closer = new Closer();
  let ledgerAt = -1;
  const begun: number[] = [];
  closer.add(
    'ledger',
    () => {
      ledgerAt = clock.monotonic();
    },
    2000,
  );
  for (const name of ['broker', 'mqtt', 'mining']) {
    closer.add(name, () => {
      begun.push(clock.monotonic());
      return new Promise<void>(() => {});
    });
  }
  const done = closer.closeAll(LIMITS, clock, silentLog);
  for (let ms = 0; ms < 5000; ms += 100) {
    await settle();
    clock.advance(100);
  }
  await done;
  expect(begun[0]).toBe(0);
  expect(ledgerAt).toBeLessThanOrEqual(2600);
  expect(clock.pendingTimers).toBe(0);
});
