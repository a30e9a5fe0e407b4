/** 10,000 random switches between pools; see `pool-switches.test.ts`. RIGBRAIN_SEED=n tries others. */
import { afterEach, expect, test, vi } from 'vitest';
import { useNet } from './memory-pools/net.fixture.ts';
import { runSwitches } from './memory-pools/switches.fixture.ts';

vi.mock('../daemon/mining/pool-socket.ts', async (original) => ({ ...(await original<object>()), PoolSocket: (await import('./memory-pools/net.fixture.ts')).MemorySocket }));

afterEach(() => useNet(null));

const SEED = Number(process.env.RIGBRAIN_SEED ?? 1000);
const RUNS = 10;
const SWITCHES = 10_000;

test('10,000 random switches between three to five pools: every share belongs to the session that gets it', async () => {
  let switches = 0;
  let accepted = 0;
  let late = 0;
  for (let run = 0; run < RUNS; run++) {
    const seed = SEED + run;
    const result = await runSwitches({ seed, pools: 3 + (run % 3), devices: 1 + (run % 4), maxLatencyMs: [5, 50, 400][run % 3]!, switches: SWITCHES / RUNS });
    expect({ seed, violations: result.violations }).toEqual({ seed, violations: [] });
    switches += result.switches;
    accepted += result.accepted;
    late += result.late;
  }
  expect(switches).toBeGreaterThanOrEqual(SWITCHES);
  expect(accepted).toBeGreaterThan(SWITCHES / 2);
  expect(late).toBeGreaterThan(SWITCHES / 2);
}, 180_000);
