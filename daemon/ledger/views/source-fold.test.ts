import { expect, it } from 'vitest';
import { uniform } from '../../../sim/random.fixture.ts';
import { fakeBrainstem } from '../fake-brainstem.fixture.ts';
import { HOUR_MS, START } from './kit.fixture.ts';
import { Routes } from './route.ts';
import { SourceFold } from './source-fold.ts';

const brainstem = fakeBrainstem('/data');
const routes = new Routes(brainstem);
const routeOf = routes.of.bind(routes);
const at = (hours: number): ReturnType<typeof routeOf> => routes.of('ledger', 'dtm', brainstem.bucketOf(START + hours * HOUR_MS));

it('names the hours of the newest day, then whole days, weeks, months and years', () => {
  const fold = new SourceFold();
  for (const hours of [-9000, -1000, -200, -40, 0, 1]) fold.add(at(hours));
  expect(fold.paths(routeOf)).toEqual([
    'Ledgers/2024/yearly_ledger.json',
    'Ledgers/2025/11/monthly_ledger.json',
    'Ledgers/2025/12/W49/weekly_ledger.json',
    'Ledgers/2025/12/W50/16/daily_ledger.json',
    'Ledgers/2025/12/W50/18/01/hourly_ledger.json',
    'Ledgers/2025/12/W50/18/02/hourly_ledger.json',
    'Ledgers/global_ledger.json',
  ]);
});

it('names the roll-up of a level that has no files of its own', () => {
  const fold = new SourceFold();
  for (const hours of [0, 30]) fold.add(routes.of('system_report', 'miners', brainstem.bucketOf(START + hours * HOUR_MS)));
  expect(fold.paths(routeOf)).toEqual([
    'System/System_Reports/Miners/Aggregated/2025/12/W50/18/aggregated_18.json',
    'System/System_Reports/Miners/Global/global_miners_report.json',
    'System/System_Reports/Miners/Hourly/2025/12/19/07/hourly_miners_report.json',
  ]);
});

it.each([1, 2, 3, 4])('depends only on which hours there were, not on their order, number or restarts (seed %i)', (seed) => {
  const random = uniform(seed);
  const span = [30, 400, 5_000, 30_000][seed - 1]!;
  const hours = Array.from({ length: 120 }, () => Math.floor(random() * span) - span / 2);
  const inOrder = new SourceFold();
  for (const hour of hours.toSorted((a, b) => a - b)) inOrder.add(at(hour));
  let shuffled = new SourceFold();
  for (const hour of [...hours, ...hours.slice(0, 60)].map((value) => ({ value, key: random() })).sort((a, b) => a.key - b.key).map(({ value }) => value)) {
    shuffled.add(at(hour));
    if (random() < 0.1) shuffled = SourceFold.from(JSON.parse(JSON.stringify(shuffled)));
  }
  expect(shuffled.paths(routeOf)).toEqual(inOrder.paths(routeOf));
});
