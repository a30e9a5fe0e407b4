import { describe, expect, it } from 'vitest';
import { NonceRate } from './rate-meter.ts';

/** One nonce of 1000 hashes every `everyMs`. */
function hash(rate: NonceRate, from: number, ms: number, everyMs: number, hashes = 1000): number {
  for (let at = from + everyMs; at <= from + ms; at += everyMs) rate.add(at, hashes);
  return from + ms;
}

describe('the best rate', () => {
  it('is unknown before the first nonce, and when nothing hashes', () => {
    const rate = new NonceRate();
    expect(rate.best(0, 1000)).toBe(null);
    rate.begin(0);
    expect(rate.best(5000, 1000)).toBe(null);
    rate.add(6000, 1000);
    expect(rate.best(8000, 1000)).toMatchObject({ hashrate_hs: 125, nonces: 1, window_s: 8 });
    rate.end(9000);
    expect(rate.best(10_000, 1000)).toBe(null);
  });

  it('is of the shortest window with thirty nonces, else of all', () => {
    const at = (everyMs: number, ms: number): { hs: number; s: number } => {
      const rate = new NonceRate();
      rate.begin(0);
      const best = rate.best(hash(rate, 0, ms, everyMs), 1000)!;
      return { hs: best.hashrate_hs, s: best.window_s };
    };
    expect(at(100, 60_000)).toEqual({ hs: expect.closeTo(10_000, -3), s: 10 });
    expect(at(1000, 120_000).s).toBeCloseTo(60, -1);
    expect(at(10_000, 900_000).s).toBeCloseTo(600, -1);
    expect(at(60_000, 1_200_000)).toEqual({ hs: expect.closeTo(1000 / 60, 1), s: 1200 });
  });

  it('has the exact interval of its count', () => {
    const rate = new NonceRate();
    rate.begin(0);
    hash(rate, 0, 50_000, 5000);
    expect(rate.best(50_000, 1000)).toMatchObject({ nonces: 10, hashrate_hs: 200, low_hs: expect.closeTo((4.795 * 1000) / 50, 1), high_hs: expect.closeTo((18.39 * 1000) / 50, 1) });
  });

  it('does not hold on to the past: chips that fell silent are at 0 soon, though all time says otherwise', () => {
    const rate = new NonceRate();
    rate.begin(0);
    let now = hash(rate, 0, 3_600_000, 1000);
    expect(rate.best(now, 1000)!.hashrate_hs).toBeCloseTo(1000, -2);
    now += 601_000;
    expect(rate.best(now, 1000)).toMatchObject({ hashrate_hs: 0, nonces: 0, low_hs: 0, high_hs: expect.closeTo(3689 / 600, 1) });
  });
});

describe('time that was not hashed', () => {
  it('does not count, and short windows begin anew', () => {
    const rate = new NonceRate();
    rate.begin(0);
    rate.end(hash(rate, 0, 100_000, 1000));
    rate.add(500_000, 1000);
    rate.begin(900_000);
    expect(rate.window(910_000, 60, 1000)).toMatchObject({ nonces: 0, window_s: 10 });
    expect(rate.total(910_000)).toEqual({ nonces: 100, hashes: 100_000, hashing_s: 110 });
  });
});

it('nonces of different tickets weigh what they stand for, and the few heavy ones make it uncertain', () => {
  const rate = new NonceRate();
  rate.begin(0);
  for (let i = 1; i <= 90; i++) rate.add(i * 100, 1000);
  rate.add(9500, 90_000);
  const best = rate.window(10_000, 10, 1000)!;
  expect(best.nonces).toBe(91);
  expect(best.hashrate_hs * best.window_s).toBeCloseTo(180_000, 5);
  // Half of it hangs on one nonce: the interval is that of 4 nonces, not of 91.
  expect(best.high_hs / best.hashrate_hs).toBeGreaterThan(2);
});

it('the interval holds the true rate 95 times in 100', () => {
  let state = 99;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  let inside = 0;
  const RUNS = 2000;
  for (let run = 0; run < RUNS; run++) {
    const rate = new NonceRate();
    rate.begin(0);
    for (let at = -Math.log(random()) * 5000; at < 60_000; at += -Math.log(random()) * 5000) rate.add(at, 5000);
    const { low_hs, high_hs } = rate.window(60_000 - 1, 60, 5000)!;
    if (low_hs <= 1000 && 1000 <= high_hs) inside++;
  }
  // Garwood's interval errs on the safe side for small counts.
  expect(inside / RUNS).toBeGreaterThan(0.94);
  expect(inside / RUNS).toBeLessThan(0.985);
});

it('stands hours without being looked at', () => {
  const rate = new NonceRate();
  rate.begin(0);
  hash(rate, 0, 20_000, 100);
  expect(rate.window(86_400_000, 600, 1000)).toMatchObject({ nonces: 0 });
  rate.add(86_400_500, 1000);
  expect(rate.window(86_401_000, 10, 1000)).toMatchObject({ nonces: 1 });
});
