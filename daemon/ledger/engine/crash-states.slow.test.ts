import { expect, test } from 'vitest';
import { crashRun } from './crash-run.fixture.ts';

/*
 * 10,000 power cuts, half of them here and half in `crash-pairs.slow.test.ts`, so that two processors share the work. One
 * that goes wrong names its seed and moment: `crashRun({ seed, only, ... })` repeats it by itself.
 */

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);
let states = 0;

test.each(SEEDS)('every file is whole, and nothing is lost or doubled, whenever the power is cut (seed %i)', { timeout: 120_000 }, async (seed) => {
  states += await crashRun({ seed, moments: 150, families: 1 });
});

test('that were more than 5,000 states', () => {
  expect(states).toBeGreaterThan(5_000);
});

test.each([101, 102, 103])('a disk whose syncs are lies does not get away with it (seed %i)', { timeout: 120_000 }, async (seed) => {
  await expect(crashRun({ seed, moments: 30, families: 1, lies: true })).rejects.toThrow(`seed ${seed}, moment`);
});
