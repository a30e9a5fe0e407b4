import { describe, expect, it } from 'vitest';
import { uniform } from '../../../sim/random.fixture.ts';
import { fakeBrainstem } from '../fake-brainstem.fixture.ts';
import { IndexState } from './index-state.ts';
import { HOUR_MS, START } from './kit.fixture.ts';
import { Routes } from './route.ts';

const brainstem = fakeBrainstem('/data');
const routes = new Routes(brainstem);
const at = (hours: number, type: 'ledger' | 'system_report' = 'ledger'): ReturnType<Routes['of']> => routes.of(type, type === 'ledger' ? 'dtm' : 'miners', brainstem.bucketOf(START + hours * HOUR_MS));

it('lists each file once, in order of its first entry, and hands out each line once', () => {
  const index = new IndexState('root');
  index.add(at(1), 2);
  index.add(at(0), 1);
  expect(index.takeNewSources()).toEqual(['Ledgers/global_ledger.json', 'Ledgers/2025/12/W50/18/02/hourly_ledger.json', 'Ledgers/2025/12/W50/18/01/hourly_ledger.json']);
  index.add(at(1), 5);
  expect(index.takeNewSources()).toEqual([]);
  expect(index.children).toEqual([{ scope: '2025', total_entries: 8 }]);
});

it('counts periods at their limits: a week is cut at the end of its month', () => {
  const index = new IndexState('year');
  // 2025-12-28 is a Sunday; 2025-12-29 to 2026-01-04 is one week in two months.
  for (const iso of ['2025-12-28T23:00:00-06:00', '2025-12-29T00:00:00-06:00', '2025-12-31T23:00:00-06:00']) index.add(routes.of('ledger', 'dtm', brainstem.bucketOf(Date.parse(iso))), 1);
  expect(index.periodTotals).toEqual({ total_months: 1, total_weeks: 2, total_days: 3, total_hours: 3 });
  const hour = new IndexState('hour');
  hour.add(at(0), 3);
  expect([hour.periodTotals, hour.children]).toEqual([{}, []]);
});

describe('after a restart', () => {
  it.each(['root', 'year', 'month', 'week', 'day', 'hour'] as const)('it says the same from its own list and counts (%s)', (level) => {
    const random = uniform(7);
    const live = new IndexState(level);
    const sources: string[] = [];
    for (let i = 0; i < 200; i += 1) {
      live.add(at(Math.floor(random() * 2_000), random() < 0.5 ? 'ledger' : 'system_report'), 1 + Math.floor(random() * 3));
      sources.push(...live.takeNewSources());
    }
    const restored = new IndexState(level);
    restored.restore(JSON.parse(JSON.stringify(live.childCounts())) as Record<string, number>, sources);
    expect([restored.children, restored.periodTotals]).toEqual([live.children, live.periodTotals]);
    live.add(at(5_000), 1);
    restored.add(at(5_000), 1);
    expect([restored.takeNewSources(), restored.children, restored.periodTotals]).toEqual([live.takeNewSources(), live.children, live.periodTotals]);
  });
});
