import { expect, test } from 'vitest';
import { DEFAULT_PARAMS } from './params.ts';
import { uniform } from '../random.fixture.ts';
import { nextBits, type TimedBlock } from './retarget.ts';
import { targetFromBits, workOfTarget } from './target.ts';

/** Seconds at which each block is found by a miner of the given speed; header times are those of the jobs. */
function foundTimes(hashrate_hs: number, blocks: number, seed: number): number[] {
  const random = uniform(seed);
  const chain: TimedBlock[] = [];
  const found: number[] = [];
  let now_s = 0;
  for (let i = 0; i < blocks; i++) {
    const jobTime = Math.floor(now_s);
    const target = targetFromBits(nextBits(chain, DEFAULT_PARAMS));
    now_s += (-Math.log(1 - random()) * Number(workOfTarget(target))) / hashrate_hs;
    chain.push({ time: jobTime, target });
    found.push(now_s);
  }
  return found;
}

test.each([1.4e6, 17e6, 100e6])('at %d H/s blocks come at the wanted spacing after a short while', (hashrate_hs) => {
  const found = foundTimes(hashrate_hs, 2000, 7);
  const spacing = (found[1999]! - found[100]!) / 1899;
  expect(spacing).toBeGreaterThan(8.5);
  expect(spacing).toBeLessThan(11.5);
});

test('a slow CPU finds its first block within seconds, a fast one does not flood the chain', () => {
  const firsts = Array.from({ length: 200 }, (_, seed) => foundTimes(1.4e6, 1, seed)[0]!);
  expect(firsts.filter((seconds) => seconds < 30).length).toBeGreaterThanOrEqual(198);
  // From 24 blocks a second to fewer than one in two seconds within the first half minute.
  for (let seed = 0; seed < 20; seed++) {
    const found = foundTimes(100e6, 200, seed);
    expect(found.filter((at) => at < 30).length).toBeLessThan(40);
    expect(found.filter((at) => at >= 30 && at < 60).length).toBeLessThan(15);
  }
});

test('no block differs from its parent by more than the clamp, whatever the times say', () => {
  const target = DEFAULT_PARAMS.initialTarget;
  const same: TimedBlock[] = Array.from({ length: 13 }, () => ({ time: 100, target }));
  const harder = targetFromBits(nextBits(same, DEFAULT_PARAMS));
  expect(Number(target) / Number(harder)).toBeCloseTo(2, 4);
  const apart: TimedBlock[] = Array.from({ length: 13 }, (_, i) => ({ time: 100_000 * i, target }));
  expect(Number(targetFromBits(nextBits(apart, DEFAULT_PARAMS))) / Number(target)).toBeCloseTo(2, 4);
  const backwards: TimedBlock[] = Array.from({ length: 13 }, (_, i) => ({ time: 1000 - i, target }));
  expect(Number(target) / Number(targetFromBits(nextBits(backwards, DEFAULT_PARAMS)))).toBeCloseTo(2, 4);
});
