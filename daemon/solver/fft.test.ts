import { describe, expect, it } from 'vitest';
import { newField } from './complex-field.ts';
import { FftPlan, GridFft } from './fft.ts';
import { SeededRandom } from './random.ts';

function randomField(points: number, seed: number) {
  const random = new SeededRandom(seed);
  const field = newField(points);
  for (let i = 0; i < points; i++) [field.re[i], field.im[i]] = [random.normal(), random.normal()];
  return field;
}

describe('FftPlan', () => {
  it.each([2, 4, 8, 16, 32, 128])('of length %i is the plain sum', (n) => {
    const given = randomField(n, n);
    const { re, im } = { re: given.re.slice(), im: given.im.slice() };
    new FftPlan(n).transform(re, im, 0, 1, -1);
    for (let k = 0; k < n; k++) {
      let sumRe = 0;
      let sumIm = 0;
      for (let x = 0; x < n; x++) {
        const angle = (-2 * Math.PI * ((k * x) % n)) / n;
        sumRe += given.re[x]! * Math.cos(angle) - given.im[x]! * Math.sin(angle);
        sumIm += given.re[x]! * Math.sin(angle) + given.im[x]! * Math.cos(angle);
      }
      expect(Math.hypot(re[k]! - sumRe, im[k]! - sumIm)).toBeLessThan(1e-12 * n);
    }
  });

  it('takes powers of two only', () => {
    for (const length of [0, 1, 3, 12, 2.5, -4]) expect(() => new FftPlan(length)).toThrow(`FFT length ${length} is not a power of two`);
  });
});

describe('GridFft', () => {
  it.each([2, 3] as const)('in %i dimensions puts a wave into its mode, and comes back', (dim) => {
    const n = 8;
    const fft = new GridFft(n, dim);
    const field = newField(n ** dim);
    // e^(i (3 x + 2 y + z)), x fastest.
    for (let i = 0; i < fft.points; i++) {
      const angle = (2 * Math.PI * (3 * (i % n) + 2 * (Math.floor(i / n) % n) + Math.floor(i / (n * n)))) / n;
      [field.re[i], field.im[i]] = [Math.cos(angle), Math.sin(angle)];
    }
    const before = field.re.slice();
    fft.forward(field.re, field.im);
    const mode = dim === 2 ? 2 * n + 3 : n * n + 2 * n + 3;
    field.re.forEach((value, i) => expect(value).toBeCloseTo(i === mode ? fft.points : 0, 9));
    fft.inverse(field.re, field.im);
    field.re.forEach((value, i) => expect(value).toBeCloseTo(before[i]!, 12));
  });
});
