import { expect, test } from 'vitest';
import { HASHES_PER_DIFFICULTY } from '../chain/target.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { uniform } from '../random.fixture.ts';
import { roundDifficulty, Vardiff } from './vardiff.ts';
import { EASY, testPool } from './pool.fixture.ts';

const OPTIONS = { shareSpacing_s: 4, min: 1e-7, max: 1e9 };

/** A miner of a given speed under vardiff for ten minutes: its difficulty over time and when shares came. */
function mine(hashrate_hs: number, start: number, seed: number): { difficulty: number; shareTimes_s: number[] } {
  const clock = new ManualClock();
  const random = uniform(seed);
  const vardiff = new Vardiff(OPTIONS, clock.monotonic());
  const shareTimes_s: number[] = [];
  let difficulty = start;
  const draw = () => (-Math.log(1 - random()) * difficulty * HASHES_PER_DIFFICULTY * 1000) / hashrate_hs;
  let next = draw();
  let tick = 1000;
  while (clock.monotonic() < 600_000) {
    const now = clock.monotonic();
    const at = Math.min(next, tick);
    clock.advance(Math.max(0, at - now));
    let change: number | null;
    if (next <= tick) {
      shareTimes_s.push(next / 1000);
      change = vardiff.share(difficulty, clock.monotonic());
      if (change === null) next += draw();
    } else {
      tick += 1000;
      change = vardiff.tick(difficulty, clock.monotonic());
    }
    if (change !== null) {
      difficulty = change;
      next = clock.monotonic() + draw();
    }
  }
  return { difficulty, shareTimes_s };
}

test.each([
  ['a Pi', 1.4e6, 2 ** -12],
  ['a fast CPU that starts far too easy', 100e6, 2 ** -12],
  ['a small ASIC that starts far too easy', 1e12, 2 ** -12],
  ['a slow CPU that starts far too hard', 1e6, 1],
])('%s comes to one share per three to five seconds within two minutes', (_name, hashrate_hs, start) => {
  const ideal = (hashrate_hs * 4) / HASHES_PER_DIFFICULTY;
  const spacings = Array.from({ length: 10 }, (_, seed) => {
    const { difficulty, shareTimes_s } = mine(hashrate_hs, start, seed);
    expect(difficulty / ideal).toBeGreaterThan(1 / 3);
    expect(difficulty / ideal).toBeLessThan(3);
    return 480 / shareTimes_s.filter((at) => at > 120).length;
  });
  expect(Math.min(...spacings)).toBeGreaterThan(2.5);
  expect(Math.max(...spacings)).toBeLessThan(6);
  const mean = spacings.reduce((sum, spacing) => sum + spacing, 0) / spacings.length;
  expect(mean).toBeGreaterThan(3);
  expect(mean).toBeLessThan(5);
});

test('the flood of a miner that starts far too easy is over after a few shares', () => {
  const { shareTimes_s } = mine(1e12, 2 ** -12, 3);
  expect(shareTimes_s.filter((at) => at < 10).length).toBeLessThan(80);
});

test('the difficulty stays inside its limits', () => {
  const vardiff = new Vardiff({ shareSpacing_s: 4, min: 1, max: 4 }, 0);
  let difficulty = 2;
  for (let i = 1; i <= 20; i++) difficulty = vardiff.share(difficulty, i) ?? difficulty;
  expect(difficulty).toBe(4);
  for (let i = 1; i <= 200; i++) difficulty = vardiff.tick(difficulty, i * 1000) ?? difficulty;
  expect(difficulty).toBe(1);
});

test('difficulties are whole from 1 up and short below', () => {
  expect([0.000123456, 0.99999, 1.4, 16383.75].map(roundDifficulty)).toEqual([0.000123, 1, 1, 16384]);
});

test('the pool changes the difficulty of a connection whose shares come too fast, then of the same when they stop', async () => {
  const { clock, connect } = await testPool({ vardiff: { ...OPTIONS, min: EASY } });
  const miner = await connect();
  await miner.join();
  for (let i = 0; i < 8; i++) {
    clock.advance(250);
    await miner.submit(miner.mine());
  }
  await miner.untilReceived('mining.notify', 1);
  const raised = miner.difficulty;
  expect(raised / EASY).toBeCloseTo(16, 0);
  for (let i = 0; i < 40 && miner.difficulty === raised; i++) {
    clock.advance(1000);
    await miner.request('mining.ping', []);
  }
  expect(miner.difficulty).toBeLessThan(raised);
});
