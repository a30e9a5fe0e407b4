import { expect, test } from 'vitest';
import { countInterval95, gammaCdf, logGamma, poissonCdf } from './poisson.ts';

test('the gamma function is the factorial', () => {
  let factorial = 1;
  for (let n = 1; n <= 20; n++) {
    expect(Math.exp(logGamma(n)) / factorial).toBeCloseTo(1, 10);
    factorial *= n;
  }
  expect(Math.exp(logGamma(0.5))).toBeCloseTo(Math.sqrt(Math.PI), 10);
});

test('a Poisson sum is the sum of its terms', () => {
  for (const mean of [0.1, 1, 3.7, 12, 60, 250]) {
    let term = Math.exp(-mean);
    let sum = term;
    for (let k = 0; k < 2 * mean + 10; k++) {
      expect(Math.abs(poissonCdf(k, mean) - sum), `${k} of ${mean}`).toBeLessThan(1e-10);
      term *= mean / (k + 1);
      sum += term;
    }
  }
});

// Garwood's table as printed in textbooks of health statistics, three decimals.
test.each([
  [0, 0, 3.689],
  [1, 0.025, 5.572],
  [2, 0.242, 7.225],
  [3, 0.619, 8.767],
  [5, 1.623, 11.668],
  [10, 4.795, 18.39],
  [20, 12.217, 30.888],
  [30, 20.241, 42.827],
  [50, 37.111, 65.919],
  [100, 81.364, 121.627],
])('%d events mean between %d and %d', (count, low, high) => {
  const [a, b] = countInterval95(count);
  expect(a).toBeCloseTo(low, 2);
  expect(b).toBeCloseTo(high, 2);
});

test('the approximation for many events meets the exact one', () => {
  for (const count of [19_990, 20_010, 500_000]) {
    const [low, high] = countInterval95(count);
    expect(gammaCdf(count, low)).toBeCloseTo(0.025, 4);
    expect(gammaCdf(count + 1, high)).toBeCloseTo(0.975, 4);
  }
});
