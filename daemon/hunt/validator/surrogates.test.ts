import { describe, expect, test } from 'vitest';
import { GridFft } from '../../solver/fft.ts';
import { SeededRandom } from '../../solver/random.ts';
import { peaksOfRays, scoreRays } from './log-prime.ts';
import type { RealField } from './rays.ts';
import { nullTests, PhaseScrambler } from './surrogates.ts';

function smoothNoise(n: number, seed: number): RealField {
  const random = new SeededRandom(seed);
  const fft = new GridFft(n, 2);
  const re = Float64Array.from({ length: n * n }, () => random.normal());
  const im = new Float64Array(n * n);
  fft.forward(re, im);
  for (let i = 0; i < re.length; i++) {
    const [a, b] = [Math.min(i % n, n - (i % n)), Math.min(Math.floor(i / n), n - Math.floor(i / n))];
    const factor = Math.exp(-(a * a + b * b) / 60);
    re[i]! *= factor;
    im[i]! *= factor;
  }
  fft.inverse(re, im);
  return { n, dim: 2, values: re };
}

function spectrum({ values, n }: RealField): Float64Array {
  const re = values.slice();
  const im = new Float64Array(re.length);
  new GridFft(n, 2).forward(re, im);
  return re.map((value, i) => Math.hypot(value, im[i]!));
}

describe('a phase-scrambled field', () => {
  const field = smoothNoise(32, 1);
  const scrambler = new PhaseScrambler(field);

  test('is real with the power of the field in every mode but the mean', () => {
    const before = spectrum(field);
    const after = spectrum({ ...field, values: scrambler.next(new SeededRandom(2)) });
    // What is not real would be lost in taking the real part, and the power with it.
    for (let i = 1; i < before.length; i++) expect(after[i]!).toBeCloseTo(before[i]!, 9);
    expect(after[0]!).toBeCloseTo(0, 9);
  });

  test('is another field every time, and the same with the same seed', () => {
    const [a, b] = [new SeededRandom(3), new SeededRandom(3)];
    const first = scrambler.next(a);
    expect(scrambler.next(b)).toEqual(first);
    expect(scrambler.next(a)).not.toEqual(first);
  });
});

test('noise has no small p value on the whole: of 20 fields of smooth noise few are below 0.1', () => {
  let small = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const field = smoothNoise(32, seed);
    const rays = peaksOfRays(field, 1);
    const { p_value, p_value_target_shuffle } = nullTests(field, 1, rays, scoreRays(rays).log_prime_sse, seed, 19);
    expect(p_value).toBeGreaterThanOrEqual(1 / 20);
    expect(p_value).toBeLessThanOrEqual(1);
    expect(p_value_target_shuffle).toBeGreaterThanOrEqual(1 / 20);
    if (p_value < 0.11) small++;
  }
  // Ten in a hundred are expected; the seeds are fixed, so this is one number and no chance.
  expect(small).toBeLessThanOrEqual(5);
});

test('a score below all surrogates has the least p value there is', () => {
  const field = smoothNoise(32, 5);
  const result = nullTests(field, 1, peaksOfRays(field, 1), 1e-6, 1);
  expect(result.p_value).toBe(1 / 33);
  expect(result.sse_null_phase_scramble).toBeGreaterThan(0.3);
  expect(result.n_surrogates).toBe(32);
});
