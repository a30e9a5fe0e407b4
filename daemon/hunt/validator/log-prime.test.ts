import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../solver/random.ts';
import { LOCKED, median, peaksOfRays, scoreRays } from './log-prime.ts';
import { PeakFinder } from './peaks.ts';
import { matchPeaks, PRIME_LOG_TARGETS } from './prime-match.ts';
import { raysOf, RAYS, type Ray, type RealField } from './rays.ts';

/** Five tones at the logarithms of the primes, ln 2 at `bin` cycles in n samples, with random phases and strengths. */
function comb(n: number, bin: number, random: SeededRandom): Ray {
  const tones = PRIME_LOG_TARGETS.map((target) => ({ cycles: (bin * target) / Math.LN2, phase: 2 * Math.PI * random.uniform(), strength: 0.8 + 0.4 * random.uniform() }));
  return { spacing: 0.3, values: Float64Array.from({ length: n }, (_, i) => 5 + tones.reduce((sum, { cycles, phase, strength }) => sum + strength * Math.cos((2 * Math.PI * cycles * i) / n + phase), 0)) };
}

function noise(n: number, dim: 2 | 3, seed: number): RealField {
  const random = new SeededRandom(seed);
  return { n, dim, values: Float64Array.from({ length: n ** dim }, () => random.normal()) };
}

function shifted({ values, n, dim }: RealField, by: readonly number[]): RealField {
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    let to = 0;
    for (let axis = 0, unit = n ** (dim - 1), rest = i; axis < dim; axis++, rest %= unit, unit /= n) to += ((Math.floor(rest / unit) + by[axis]!) % n) * unit;
    out[to] = values[i]!;
  }
  return { values: out, n, dim };
}

describe('a planted comb of the five logarithms', () => {
  test.each([5, 6, 7, 8])('scores below 1e-3 with ln 2 at bin %i of 64', (bin) => {
    const random = new SeededRandom(bin);
    const finder = new PeakFinder(64);
    const score = scoreRays(Array.from({ length: RAYS }, () => finder.find(comb(64, bin, random))));
    expect(score.log_prime_sse).toBeLessThan(1e-3);
    expect(score.n_rays_locked).toBe(RAYS);
    expect(score.bestRay.match.matched.every((k) => k !== null)).toBe(true);
  });

  test('scores below 3e-4 on rays of 128', () => {
    const random = new SeededRandom(1);
    const finder = new PeakFinder(128);
    for (const bin of [6, 10, 14]) expect(scoreRays(Array.from({ length: RAYS }, () => finder.find(comb(128, bin, random)))).log_prime_sse).toBeLessThan(3e-4);
  });

  test('locks every row of a field that has it along its rows, and few of the columns, where there is only noise', () => {
    const line = comb(64, 6, new SeededRandom(3)).values;
    const random = new SeededRandom(4);
    const values = Float64Array.from({ length: 64 * 64 }, (_, i) => line[i % 64]! + 1e-3 * random.normal());
    // The rays begin at the greatest value: there a comb that does not close round the box has its seam inside, so it is put at the edge.
    values[0] = Math.max(...values) + 1e-9;
    const rays = peaksOfRays({ values, n: 64, dim: 2 }, 1);
    const rows = rays.filter((_, ray) => ray % 4 === 0);
    expect(rows).toHaveLength(16);
    expect(scoreRays(rows.slice(1)).n_rays_locked).toBe(15);
    expect(scoreRays(rays.filter((_, ray) => ray % 4 === 1)).n_rays_locked).toBeLessThan(5);
  });
});

describe('noise', () => {
  test.each([[64, 2], [128, 2], [32, 2], [32, 3]] as const)('white noise on %i points in %i dimensions scores above 0.3', (n, dim) => {
    for (let seed = 1; seed <= 5; seed++) expect(scoreRays(peaksOfRays(noise(n, dim, seed), 1)).log_prime_sse).toBeGreaterThan(0.3);
  });
});

describe('rays', () => {
  test.each([2, 3] as const)('are 64 different lines of the field in %i dimensions, each through points of one line', (dim) => {
    const n = 16;
    const field: RealField = { n, dim, values: Float64Array.from({ length: n ** dim }, (_, i) => i) };
    const rays = raysOf(field, 0.5);
    expect(rays).toHaveLength(64);
    expect(new Set(rays.map(({ values }) => values.join())).size).toBe(64);
    for (const { values, spacing } of rays) {
      expect(new Set(values).size).toBe(n);
      expect([0.5, 0.5 * Math.SQRT2, 0.5 * Math.sqrt(3)].some((length) => Math.abs(length - spacing) < 1e-12)).toBe(true);
    }
  });

  test.each([2, 3] as const)('are the same for a field shifted by whole points in %i dimensions', (dim) => {
    const field = noise(16, dim, 7);
    for (const by of [[1, 0, 0], [3, 5, 2], [15, 8, 11]]) expect(raysOf(shifted(field, by), 1)).toEqual(raysOf(field, 1));
  });
});

describe('peaks', () => {
  test('a level ray has none, and a tone between bins is found within a fiftieth of a bin', () => {
    const finder = new PeakFinder(64);
    expect(finder.find({ values: new Float64Array(64).fill(0.1), spacing: 1 })).toEqual([]);
    for (const cycles of [3.3, 7.5, 12.77]) {
      const [peak, ...rest] = finder.find({ values: Float64Array.from({ length: 64 }, (_, i) => 9 + Math.sin((2 * Math.PI * cycles * i) / 64)), spacing: 0.25 });
      expect(rest).toEqual([]);
      expect(Math.abs((peak!.k * 64 * 0.25) / (2 * Math.PI) - cycles)).toBeLessThan(0.02);
    }
  });

  test('are eight at most, five in a hundred of the strongest at least', () => {
    const random = new SeededRandom(5);
    const finder = new PeakFinder(256);
    const peaks = finder.find({ values: Float64Array.from({ length: 256 }, () => random.normal()), spacing: 1 });
    expect(peaks).toHaveLength(8);
    expect(Math.min(...peaks.map(({ power }) => power))).toBeGreaterThanOrEqual(0.05);
    expect(peaks.map(({ k }) => k)).toEqual(peaks.map(({ k }) => k).sort((a, b) => a - b));
  });
});

describe('matching', () => {
  test('finds the scale of exact peaks, with others between them', () => {
    const peaks = [...PRIME_LOG_TARGETS.map((t) => t / 0.37), 4.9].sort((a, b) => a - b);
    const match = matchPeaks(peaks);
    expect(match.score).toBeLessThan(1e-20);
    expect(match.scale).toBeCloseTo(0.37, 12);
  });

  test('counts one for each missing target, five when nothing fits', () => {
    expect(matchPeaks(PRIME_LOG_TARGETS.slice(0, 3)).score).toBeCloseTo(2, 12);
    expect(matchPeaks([])).toEqual({ score: 5, scale: null, matched: [null, null, null, null, null] });
    expect(matchPeaks([1])).toMatchObject({ score: 5, scale: null });
  });

  test('takes no peak twice', () => {
    const { matched } = matchPeaks([0.69, 1.09], [0.69, 0.7, 1.09]);
    const taken = matched.filter((k) => k !== null);
    expect(new Set(taken).size).toBe(taken.length);
  });
});

test('the median of an even count is the mean of the middle two', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([3, 1, 2])).toBe(2);
  expect(LOCKED).toBe(0.01);
});
