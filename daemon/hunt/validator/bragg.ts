import { densityMean } from './density.ts';
import type { FieldParts } from './geometry-norms.ts';
import { median } from './log-prime.ts';

const TENFOLD = 10;
/** Of the variance: a fainter line is no structure of the field. */
const LEAST_SHARE = 0.01;

/**
 * Modes of the density up to n/3 (beyond, the 2/3 rule has emptied the field's own) with a hundredth of the variance or more, and ten times the mean
 * power of those whose wave number differs by one or less, rounded.
 */
export function braggPeaks({ rho, grid, fft }: FieldParts): { readonly peaks: number; readonly share: number } {
  const { n, dim } = grid;
  const level = densityMean(rho);
  const re = rho.map((value) => value - level);
  const im = new Float64Array(re.length);
  fft.forward(re, im);
  const power = re.map((value, i) => value ** 2 + im[i]! ** 2);
  power[0] = 0;
  const total = power.reduce((sum, value) => sum + value, 0);
  const unit = grid.kSquared[1]!;
  const shellOf = (i: number): number => Math.round(Math.sqrt(grid.kSquared[i]! / unit));
  const most = Math.floor(n / 3);
  const shells: number[][] = Array.from({ length: most + 2 }, () => []);
  for (let i = 1; i < power.length; i++) shells[shellOf(i)]?.push(i);
  let peaks = 0;
  let share = 0;
  for (let shell = 1; shell <= most; shell++) {
    // The median of exponential noise is ln 2 of its mean; unlike the mean, it does not rise with the other lines of a lattice.
    const mean = median([shell - 1, shell, shell + 1].flatMap((near) => shells[near]!.map((i) => power[i]!))) / Math.LN2;
    for (const i of shells[shell]!) {
      const mirror = mirrorOf(i, n, dim);
      if (i > mirror) continue;
      const own = i === mirror ? power[i]! : power[i]! + power[mirror]!;
      if (own < LEAST_SHARE * total || power[i]! < TENFOLD * mean) continue;
      peaks++;
      share += own / total;
    }
  }
  return { peaks, share };
}

/** The mode of the opposite wave vector. */
function mirrorOf(i: number, n: number, dim: 2 | 3): number {
  let mirror = 0;
  for (let axis = 0, rest = i, stride = 1; axis < dim; axis++, rest = Math.floor(rest / n), stride *= n) mirror += ((n - (rest % n)) % n) * stride;
  return mirror;
}
