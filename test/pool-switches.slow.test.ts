/** More than 10,000 random switches between pools; see `pool-switches.test.ts`. RIGBRAIN_SEED=n tries others. */
import { afterEach, expect, test, vi } from 'vitest';
import type { ChoiceOptions } from '../daemon/mining/choice/pool-choice.ts';
import { useNet } from './memory-pools/net.fixture.ts';
import { runSwitches } from './memory-pools/switches.fixture.ts';

vi.mock('../daemon/mining/pool-socket.ts', async (original) => ({ ...(await original<object>()), PoolSocket: (await import('./memory-pools/net.fixture.ts')).MemorySocket }));

afterEach(() => useNet(null));

const SEED = Number(process.env.RIGBRAIN_SEED ?? 1000);
const RUNS = 12;
const SWITCHES = 10_200;
/** Short, so that ways home and turns are taken between the faults. */
const CHOICES: readonly ChoiceOptions[] = [
  { strategy: 'failover', rotateMs: 60_000, returnMs: 60_000, quotas: new Map() },
  { strategy: 'round-robin', rotateMs: 500, returnMs: 3_000, quotas: new Map() },
  { strategy: 'failover', rotateMs: 60_000, returnMs: 0, quotas: new Map() },
  { strategy: 'quota', rotateMs: 500, returnMs: 3_000, quotas: new Map([['pool0', 5], ['pool1', 2], ['pool2', 0]]) },
];

test('10,200 random switches between three to five pools, by failover, quota and turns: every share belongs to the session that gets it', async () => {
  let switches = 0;
  let accepted = 0;
  let late = 0;
  for (let run = 0; run < RUNS; run++) {
    const seed = SEED + run;
    const result = await runSwitches({ seed, pools: 3 + (run % 3), devices: 1 + (run % 4), maxLatencyMs: [5, 50, 400][run % 3]!, switches: SWITCHES / RUNS, engine: { choice: CHOICES[run % 4]! } });
    expect({ seed, violations: result.violations }).toEqual({ seed, violations: [] });
    switches += result.switches;
    accepted += result.accepted;
    late += result.late;
  }
  expect(switches).toBeGreaterThanOrEqual(SWITCHES);
  expect(accepted).toBeGreaterThanOrEqual(SWITCHES);
  expect(late).toBeGreaterThan(SWITCHES / 4);
}, 600_000);
