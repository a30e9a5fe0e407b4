import { expect, it } from 'vitest';
import { fakeBrainstem } from '../fake-brainstem.fixture.ts';
import { deltaOf, Item } from './item.ts';
import { HOUR_MS, Records, START } from './kit.fixture.ts';
import { Routes } from './route.ts';
import { Waiting } from './waiting.ts';

const brainstem = fakeBrainstem('/data');
const routes = new Routes(brainstem);
const RUNS = [{ mode: null, maxViewBytes: 1 }, { mode: null, maxViewBytes: 2 }] as const;

function items(count: number): Item[] {
  const records = new Records(1, brainstem);
  return Array.from({ length: count }, (_, i) => new Item(records.add('ledger', START + (i % 2) * HOUR_MS), routes.of('ledger', 'dtm', brainstem.bucketOf(START + (i % 2) * HOUR_MS))));
}

it('gives everything once, run by run, with sums by hour that later ones do not change', () => {
  const waiting = new Waiting(1 << 20);
  const all = items(6);
  const deltas = all.map(deltaOf);
  all.forEach((item, i) => waiting.add(item, deltas[i]!, RUNS[i < 3 ? 0 : 1]));
  expect([waiting.isEmpty, waiting.bytes]).toEqual([false, all.reduce((sum, { bytes }) => sum + bytes, 0)]);
  const stretches = waiting.takeAll()!;
  expect(stretches.map(({ run, items: its }) => [run, its])).toEqual([[RUNS[0], all.slice(0, 3)], [RUNS[1], all.slice(3)]]);
  expect(stretches.map(({ deltas: sums }) => [...sums.values()].map(({ entries, first, last, tally }) => [entries, first.seq, last.seq, tally.total]))).toEqual([[[2, 1, 3, 2], [1, 2, 2, 1]], [[2, 4, 6, 2], [1, 5, 5, 1]]]);
  expect(deltas.map(({ entries, tally }) => [entries, tally.total])).toEqual(Array(6).fill([1, 1]));
  expect([waiting.isEmpty, waiting.bytes, waiting.takeAll()]).toEqual([true, 0, []]);
});

it('holds no more than its limit, and then says that it has not all', () => {
  const waiting = new Waiting(300);
  for (const item of items(500)) {
    waiting.add(item, deltaOf(item), RUNS[0]);
    expect(waiting.bytes).toBeLessThan(600);
  }
  expect([waiting.isEmpty, waiting.takeAll(), waiting.takeAll()]).toEqual([false, null, []]);
});
