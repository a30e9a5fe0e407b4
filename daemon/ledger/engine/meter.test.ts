import { expect, it } from 'vitest';
import { Meter } from './meter.ts';

it('tells what came together since the last time, once an hour, and not when nothing was written', () => {
  let now = 1_000;
  const meter = new Meter(() => now);
  now += 4_000_000;
  expect(meter.isDue()).toBe(false);
  meter.write('journal', 10);
  meter.write('leaf', 20);
  meter.write('coarse', 30);
  meter.write('leaf', 1);
  meter.sync();
  meter.entries(2);
  expect(meter.isDue()).toBe(true);
  expect(meter.take()).toEqual({ from: 1_000, to: 4_001_000, journal: 10, leaf: 21, coarse: 30, fsyncs: 1, entries: 2 });
  meter.entries(1);
  now += 3_599_999;
  expect(meter.isDue()).toBe(false);
  // A clock that was set back by days.
  now -= 300_000_000;
  expect(meter.isDue()).toBe(true);
  expect(meter.take()).toMatchObject({ journal: 0, leaf: 0, coarse: 0, fsyncs: 0, entries: 1 });
});
