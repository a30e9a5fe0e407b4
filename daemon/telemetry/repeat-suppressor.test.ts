import { expect, test } from 'vitest';
import { RepeatSuppressor } from './repeat-suppressor.ts';

test('says the first, then one a period with the count of the rest', () => {
  const repeats = new RepeatSuppressor(60_000);
  expect([0, 1, 59_999, 60_000, 60_001, 120_000].map((now) => repeats.pass('connect', now))).toEqual([0, null, null, 2, null, 1]);
});

test('different faults do not hide each other, and a cleared one is news again', () => {
  const repeats = new RepeatSuppressor();
  repeats.pass('a', 0);
  expect(repeats.pass('b', 1)).toBe(0);
  repeats.clear('a');
  expect(repeats.pass('a', 2)).toBe(0);
});
