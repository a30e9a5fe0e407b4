import { expect, test } from 'vitest';
import { appended, NO_SERIES, type Series } from './history.ts';

const RULES = { keepSecs: 60, gapSecs: 5 };
const of = (points: readonly (readonly [number, number | null])[]): Series => points.reduce((series, [time, value]) => appended(series, time, value, RULES), NO_SERIES);

test('points are kept in order, the last of a second counts', () => {
  expect(of([[1, 10], [2, 20], [2, 21], [3, null]])).toEqual({ times: [1, 2, 3], values: [10, 21, null] });
});

test('old points are let go of, so a page may stay open for weeks', () => {
  const series = of(Array.from({ length: 1000 }, (_, i) => [i, i] as const));
  expect(series.times).toHaveLength(61);
  expect(series.times[0]).toBe(939);
});

test('no line is drawn over a silence', () => {
  expect(of([[1, 10], [20, 20]])).toEqual({ times: [1, 3.5, 20], values: [10, null, 20] });
});

test('after a long silence nothing old is left', () => {
  expect(of([[1, 10], [500, 20]])).toEqual({ times: [500], values: [20] });
});

test('a clock that is set back a little is waited for, by much begins anew', () => {
  expect(of([[100, 1], [98, 2]])).toEqual({ times: [100], values: [1] });
  expect(of([[1000, 1], [10, 2]])).toEqual({ times: [10], values: [2] });
});
