/**
 * Whatever pools do, in any order: no share reaches a pool with the job, the extranonce or the wallet of another session.
 * Real sources and engine against pools in memory, which hash every submit with what their own connection knows. All
 * connections of all pools number their jobs alike. Shares of other miners in the house take part. `pool-switches.slow.test.ts` does the same, longer.
 */
import { afterEach, expect, test, vi } from 'vitest';
import type { ChoiceOptions } from '../daemon/mining/choice/pool-choice.ts';
import { useNet } from './memory-pools/net.fixture.ts';
import { runSwitches } from './memory-pools/switches.fixture.ts';

vi.mock('../daemon/mining/pool-socket.ts', async (original) => ({ ...(await original<object>()), PoolSocket: (await import('./memory-pools/net.fixture.ts')).MemorySocket }));

afterEach(() => useNet(null));

test.each([
  [3, 'failover', 60_000],
  [4, 'round-robin', 3_000],
  [5, 'failover', 0],
] as const)('hundreds of random switches between %i pools (%s, return after %i ms): every share belongs to the session that gets it', async (pools, strategy, returnMs) => {
  const choice: ChoiceOptions = { strategy, rotateMs: 500, returnMs, quotas: new Map() };
  const { violations, switches, submits, accepted, late } = await runSwitches({ seed: pools, pools, switches: 340, engine: { choice } });
  expect(violations).toEqual([]);
  expect(switches).toBeGreaterThanOrEqual(340);
  // Enough for the silence to mean something: shares came through, and many were found for sessions that were over.
  expect(submits).toBeGreaterThanOrEqual(accepted);
  expect(accepted).toBeGreaterThanOrEqual(340);
  expect(late).toBeGreaterThan(100);
});
