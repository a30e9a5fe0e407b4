import { expect, it } from 'vitest';
import { uniform } from '../../../sim/random.fixture.ts';
import { runSchedule, type Outcome } from './schedule.fixture.ts';

const SCHEDULES = 700;

it(`${SCHEDULES} random schedules of writes, troubles, reconciliations, kills and power cuts: nothing doubled, nothing lost that was told to be kept`, { timeout: 120_000 }, async () => {
  const wrong: (Outcome & { seed: number })[] = [];
  let written = 0;
  let crashes = 0;
  for (let seed = 1; seed <= SCHEDULES; seed += 1) {
    const outcome = await runSchedule(uniform(seed), 30);
    written += outcome.written;
    crashes += outcome.crashes;
    if (outcome.doubled.length + outcome.lostAfterOk.length + outcome.unaccounted + outcome.disordered > 0) wrong.push({ seed, ...outcome });
  }
  expect(wrong).toEqual([]);
  expect(written).toBeGreaterThan(SCHEDULES * 40);
  expect(crashes).toBeGreaterThan(SCHEDULES * 3);
});

// More may be counted than is gone: what a failing disk could neither take nor take back turns up again.
it('counts every record that small limits push out', { timeout: 60_000 }, async () => {
  const wrong: (Outcome & { seed: number })[] = [];
  let gone = 0;
  for (let seed = 1; seed <= 150; seed += 1) {
    const outcome = await runSchedule(uniform(seed), 40, { withCrashes: false, limits: { ringRecords: 5, ringBytes: 3000, backupFiles: 10, emergencyBytes: 3 * 4096 } });
    gone += outcome.lost;
    if (outcome.doubled.length + outcome.disordered > 0 || outcome.gone > outcome.lost) wrong.push({ seed, ...outcome });
  }
  expect(wrong).toEqual([]);
  expect(gone).toBeGreaterThan(1000);
});
