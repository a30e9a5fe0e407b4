import { expect, test } from 'vitest';
import { xRange, yRange } from './chart-ranges.ts';

test('the only generation there is stands in the middle, more of them fill the chart', () => {
  expect(xRange([0])).toEqual([-0.5, 0.5]);
  expect(xRange([0, 1, 9])).toEqual([0, 9]);
  expect(xRange([])).toEqual([0, 1]);
});

test('a line has room above and below, and a flat one is no line at the edge', () => {
  expect(yRange(1, 2, false)[0]).toBeLessThan(1);
  expect(yRange(1, 2, false)[1]).toBeGreaterThan(2);
  const [low, high] = yRange(3, 3, false);
  expect(high - low).toBeGreaterThan(0.1);
  expect(yRange(1, 2, true)[0]).toBe(0);
  expect(yRange(Number.NaN, 2, true)).toEqual([0, 1]);
});
