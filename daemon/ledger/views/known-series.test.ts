import { expect, it } from 'vitest';
import { fakeBrainstem } from '../fake-brainstem.fixture.ts';
import { HOUR_MS, START } from './kit.fixture.ts';
import { KnownSeries } from './known-series.ts';
import { Routes, type Route } from './route.ts';

const brainstem = fakeBrainstem('/data');
const routes = new Routes(brainstem);
const at = (hours: number, type: 'ledger' | 'math_proof' = 'ledger'): Route => routes.of(type, 'dtm', brainstem.bucketOf(START + hours * HOUR_MS));

/** Levels of the period files that are taken for new. */
function newLevels(series: KnownSeries, route: Route): string[] {
  return route.targets.filter(({ role }) => role === 'period').filter((target) => series.isNew(target, route.bucket)).map(({ level }) => level);
}

it('takes every file for new before anything was seen', () => {
  expect(newLevels(new KnownSeries(), at(0))).toEqual(['year', 'month', 'week', 'day', 'hour']);
});

it('takes files of a later period for new, and no others', () => {
  const series = new KnownSeries();
  series.add(at(0));
  expect(newLevels(series, at(0))).toEqual([]);
  expect(newLevels(series, at(1))).toEqual(['hour']);
  expect(newLevels(series, at(24))).toEqual(['day', 'hour']);
  expect(newLevels(series, at(24 * 20))).toEqual(['year', 'month', 'week', 'day', 'hour']);
  expect(newLevels(series, at(-1))).toEqual([]);
  expect(newLevels(series, at(-24 * 365))).toEqual([]);
});

it('takes nothing for new once a clock was ahead, until time has caught up', () => {
  const series = new KnownSeries();
  series.add(at(24 * 3_650));
  series.add(at(0));
  expect(newLevels(series, at(1))).toEqual([]);
  expect(newLevels(series, at(24 * 3_650 + 1))).toEqual(['hour']);
});

it('knows a shared roll-up by any of its families', () => {
  const series = new KnownSeries();
  series.add(at(0));
  const shared = at(0, 'math_proof').targets.find(({ role, level }) => role === 'aggregated' && level === 'hour')!;
  expect(series.isNew(shared, at(0, 'math_proof').bucket)).toBe(false);
  expect(newLevels(series, at(0, 'math_proof'))).toEqual(['year', 'month', 'week', 'day', 'hour']);
});
