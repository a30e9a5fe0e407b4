import { expect, test } from 'vitest';
import { crashRun } from './crash-run.fixture.ts';

/** The other half of `crash-states.slow.test.ts`: runs that write to two trees, whose entries meet in roll-ups. */
const SEEDS = Array.from({ length: 20 }, (_, index) => 1001 + index);
let states = 0;

test.each(SEEDS)('files of two trees are whole and agree whenever the power is cut (seed %i)', { timeout: 120_000 }, async (seed) => {
  states += await crashRun({ seed, moments: 150, families: 2 });
});

test('that were more than 5,000 states', () => {
  expect(states).toBeGreaterThan(5_000);
});
