import { expect, test } from 'vitest';
import { xorshift } from '../../../protocol/common/xorshift.fixture.ts';
import { ChoiceBench } from './choice.fixture.ts';
import type { ChoiceOptions } from './pool-choice.ts';

const S = 1000;
const RETURN_MS = 60 * S;
const IDS = ['a', 'b', 'c', 'd'];

/** What the test itself knows of a pool, from what it did to it. */
interface Known {
  hasWork: boolean;
  /** Since when it has held its work, a pause between jobs of 5 s left out; null = it failed since. */
  since: number | null;
  everHadWork: boolean;
  lostAt: number;
  /** It failed after it had work, and was not mined for since. */
  distrusted: boolean;
}

/** Pools come, go, pause between jobs and fail again, in every order; after each step what must hold is looked at. */
test.each(['failover', 'quota', 'round-robin'] as const)('%s: whatever pools do, the rig mines for one that has work, and trusts as it should', (strategy: ChoiceOptions['strategy']) => {
  const below = xorshift(7);
  const bench = new ChoiceBench(IDS, { strategy, quota: [3, 1, 0, 2], rotateMs: 20 * S, returnMs: RETURN_MS });
  const known = new Map<string, Known>(IDS.map((id) => [id, { hasWork: false, since: null, everHadWork: false, lostAt: 0, distrusted: false }]));
  const now = (): number => bench.clock.monotonic();
  const proving = (pool: Known): boolean => pool.distrusted && (pool.since === null || now() - pool.since < RETURN_MS);

  const look = (): void => {
    const { active } = bench;
    const working = IDS.filter((id) => known.get(id)!.hasWork);
    expect(active === null).toBe(working.length === 0);
    if (active === null) return;
    expect(working).toContain(active);
    known.get(active)!.distrusted = false;
    const roles = bench.choice.roles();
    expect([...roles].filter(([, { role }]) => role === 'active').map(([id]) => id)).toEqual([active]);
    for (const id of IDS) expect(roles.get(id)!.role === 'down').toBe(!known.get(id)!.hasWork);
    // Nobody who is better and has nothing to prove is left waiting.
    if (strategy === 'failover') expect(IDS.slice(0, IDS.indexOf(active)).filter((id) => known.get(id)!.hasWork && !proving(known.get(id)!))).toEqual([]);
    if (strategy === 'quota' && active === 'c') expect(working.filter((id) => id !== 'c' && !proving(known.get(id)!))).toEqual([]);
  };

  for (let step = 0; step < 4000; step++) {
    const id = IDS[below(IDS.length)]!;
    const pool = known.get(id)!;
    const before = bench.active;
    const switches = bench.switches.length;
    const distrusted = new Map(IDS.map((one) => [one, proving(known.get(one)!)]));
    if (!pool.hasWork) {
      if (pool.everHadWork && now() - pool.lostAt > 5 * S) Object.assign(pool, { since: null, distrusted: true });
      Object.assign(pool, { hasWork: true, everHadWork: true, since: pool.since ?? now() });
      bench.gain(id);
    } else {
      Object.assign(pool, { hasWork: false, lostAt: now() });
      if (below(3) === 0) bench.lose(id, 'between two jobs');
      else {
        Object.assign(pool, { since: null, distrusted: true });
        bench.fail(id);
      }
    }
    // The pool that was mined for has work still, so there was no need to go to one that has to prove itself.
    if (before !== null && known.get(before)!.hasWork && bench.switches.length > switches) expect(distrusted.get(bench.active!)).toBe(false);
    look();
    bench.advance(below(4) === 0 ? below(3 * RETURN_MS) : below(8 * S));
    look();
  }
  expect(bench.switches.length).toBeGreaterThan(500);
  const shares = [...bench.choice.roles().values()].map(({ work_share }) => work_share!);
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
});
