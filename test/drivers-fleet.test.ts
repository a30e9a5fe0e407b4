import { expect, test } from 'vitest';
import { runFleet } from './fleet.ts';

test('five devices mine through pulled plugs: every one comes back, no share is lost or told twice', { timeout: 150_000 }, async () => {
  const report = await runFleet({ sticks: 5, seconds: 25, seed: 3 });
  expect(report.unplugs).toBeGreaterThan(0);
  expect(report.hashing_at_end, JSON.stringify(report.devices)).toBe(5);
  expect(report.shares).toMatchObject({ lost: 0, disagreed: 0, duplicated: 0 });
  expect(report.shares.pool_accepted).toBeGreaterThan(20);
  expect(report.well_jobs_missed).toBeLessThanOrEqual(1);
});
