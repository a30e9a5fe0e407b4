import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test('doubles from 1 s to 60 s and stays there, however long the pool is away', () => {
  const longest = (failures: number): number => backoffMs(failures, () => 1 - Number.EPSILON);
  expect([0, 1, 2, 3, 4, 5, 6, 7].map(longest)).toEqual([1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]);
  expect(longest(600_000)).toBe(60_000);
});

test('shortens each pause by up to half', () => {
  expect(backoffMs(0, () => 0)).toBe(500);
  expect(backoffMs(0, () => 0.5)).toBe(750);
});
