import { expect, test } from 'vitest';
import { LineBudget } from './line-budget.ts';

test('lets a burst through, refuses the rest of the minute, and then tells how many were refused', () => {
  const budget = new LineBudget();
  expect(Array.from({ length: 20 }, (_, i) => budget.take(i))).toEqual(new Array(20).fill(0));
  expect([budget.take(21), budget.take(59_999)]).toEqual([null, null]);
  expect(budget.take(60_000)).toBe(2);
  expect(budget.take(60_001)).toBe(0);
});
