import { expect, it } from 'vitest';
import { uniform } from '../../../sim/random.fixture.ts';
import { runSchedule, type Outcome } from './schedule.fixture.ts';

const SCHEDULES = 700;

it(`${SCHEDULES} random schedules of writes, troubles, reconciliations, kills and power cuts: nothing doubled, nothing lost that was told to be kept`, { timeout: 120_000 }, async () => {
  const wrong: (Outcome & { seed: number })[] = [];
  let written = 0;
  let crashes = 0;
  for (let seed = 1; seed <= SCHEDULES; seed += 1) {
    const outcome = await runSchedule(uniform(seed), 40);
    written += outcome.written;
    crashes += outcome.crashes;
    if (outcome.doubled.length + outcome.lostAfterOk.length + outcome.unaccounted + outcome.disordered > 0) wrong.push({ seed, ...outcome });
  }
  expect(wrong).toEqual([]);
  expect(written).toBeGreaterThan(SCHEDULES * 50);
  expect(crashes).toBeGreaterThan(SCHEDULES * 3);
});
