/** Away from a pool that flaps and home again, with the real daemon; times are measured as in `pool-failover.e2e.test.ts`. */
import { describe, expect, test } from 'vitest';
import type { LogLine } from './harness.ts';
import { accepted, at, ended, expectOwnShares, minesFor, SLACK_MS, startPool, startRig, userOf } from './pool-rig.fixture.ts';

describe('home and away', () => {
  test('a primary that flaps is left once; when it is well it must stay so for return_seconds, and then has the rig back', { timeout: 90_000, retry: 1 }, async () => {
    const RETURN_S = 3;
    const home = await startPool('home');
    const spare = await startPool('spare');
    const rig = startRig([home, spare], RETURN_S);
    await rig.waitFor('a share for home', accepted('home'), 20_000);
    const choices = (): LogLine[] => rig.lines.filter(({ msg }) => msg === 'mining for pool' || /no pool has work/.test(String(msg)));
    const before = choices().length;

    home.sim.faults.flappingMs = 300;
    home.sim.broadcast.job();
    const left = await rig.waitFor('mining for the spare', (line) => minesFor('spare')(line) && choices().indexOf(line) >= before, 10_000);
    await rig.waitFor('a share for the spare', accepted('spare'), 10_000);
    // It comes back three times, sends a job each time, and is cut off again.
    const flaps = (): number => rig.lines.filter((line) => ended('home')(line) && at(line) > at(left)).length;
    await rig.waitFor('three more flaps', () => flaps() >= 3, 40_000);
    expect(choices().slice(before).map(({ pool }) => pool)).toEqual(['spare']);

    home.sim.faults.flappingMs = null;
    const healed = Date.now();
    const back = await rig.waitFor('home again', (line) => minesFor('home')(line) && choices().indexOf(line) > before, 60_000);
    const connected = home.connects.find((time) => time >= healed)!;
    const afterConnect = at(back) - connected;
    if (process.env.SHOW_TIMES) console.log({ home_after_connect_ms: afterConnect });
    expect(afterConnect).toBeGreaterThanOrEqual(RETURN_S * 1000 - 5);
    expect(afterConnect).toBeLessThanOrEqual(RETURN_S * 1000 + SLACK_MS);
    expect(choices().slice(before).map(({ pool }) => pool)).toEqual(['spare', 'home']);
    const sharesAtHome = home.shares.length;
    await rig.waitFor('shares at home', () => home.shares.length > sharesAtHome, 10_000);
    await rig.stop();
    for (const pool of [home, spare]) expectOwnShares(pool);
  });

  test('the same job with a new extranonce, again and again, costs neither a share nor the pool', { timeout: 60_000 }, async () => {
    const home = await startPool('home');
    const spare = await startPool('spare');
    home.sim.faults.sameJobNewExtranonce = true;
    home.sim.faults.notifyBeforeAuthorize = true;
    const rig = startRig([home, spare], 60);
    await rig.waitFor('a share for home', accepted('home'), 20_000);
    const seen = home.shares.length;
    await rig.waitFor('many shares', () => home.shares.length > seen + 30, 40_000);
    await rig.stop();
    expect(rig.lines.filter((line) => minesFor('spare')(line) && at(line) > home.connects[0]! + 2000)).toEqual([]);
    // Shares on their way at a change are judged by the new extranonce: only the pool could know. Nothing else is refused.
    const refused = home.shares.map((share) => share.refused).filter((why) => why !== null);
    expect(refused.filter((why) => why !== 'low_difficulty' && why !== 'stale')).toEqual([]);
    expect(refused.length).toBeLessThan(home.shares.length / 2);
    expect(home.shares.every(({ worker }) => worker === userOf('home'))).toBe(true);
  });
});
