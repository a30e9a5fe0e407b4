/** Plain figures of the final field. All of them are the same for a field shifted by whole points or turned in phase. */
import type { ComplexField } from '../../solver/complex-field.ts';
import type { FieldParts } from './geometry-norms.ts';

export interface SecondaryMetrics {
  /** |<e^(i phase)>|: 1 = one phase everywhere, about 0 = all phases alike. */
  readonly pcs: number;
  /** N sum p^2 with p = rho / sum rho: 1 = level, the number of points = all in one point. */
  readonly pli: number;
  readonly rho_mean: number;
  /** Of rho. */
  readonly variance: number;
  /** Variance over the squared mean. */
  readonly relative_variance: number;
  /** Variance of the length of the phase's gradient. */
  readonly grad_phase_var: number;
  /** First distance at which the autocorrelation of rho falls below 1/e, in lengths of the domain; null = not within half the box. */
  readonly correlation_length: number | null;
  /** Entropy of the power spectrum of rho without its mean: 0 = one mode, 1 = all modes alike; null for a level field. */
  readonly spectral_entropy: number | null;
  /** Slope of ln(mean power of a shell) over ln k; null for a level field. */
  readonly spectral_slope: number | null;
  /** Of the tensor of the density's slopes: 0 = all directions alike, 1 = all slopes along one. */
  readonly anisotropy: number | null;
}

export function secondaryMetrics(psi: ComplexField, parts: FieldParts): SecondaryMetrics {
  const { rho } = parts;
  const points = rho.length;
  let cos = 0;
  let sin = 0;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < points; i++) {
    const length = Math.sqrt(rho[i]!);
    if (length > 0) {
      cos += psi.re[i]! / length;
      sin += psi.im[i]! / length;
    }
    sum += rho[i]!;
    squares += rho[i]! ** 2;
  }
  const mean = sum / points;
  let variance = 0;
  for (const value of rho) variance += (value - mean) ** 2 / points;
  const isLevel = !(variance > 1e-24 * mean * mean);
  const power = isLevel ? null : powerSpectrum(rho, mean, parts);
  return {
    pcs: Math.hypot(cos, sin) / points,
    pli: (points * squares) / sum ** 2,
    rho_mean: mean,
    variance,
    relative_variance: variance / mean ** 2,
    grad_phase_var: phaseSlopeVariance(psi, parts),
    correlation_length: power && correlationLength(power, parts),
    spectral_entropy: power && entropy(power),
    spectral_slope: power && spectralSlope(power, parts),
    anisotropy: power && anisotropy(psi, parts),
  };
}

function powerSpectrum(rho: Float64Array, mean: number, { fft }: FieldParts): Float64Array {
  const re = rho.map((value) => value - mean);
  const im = new Float64Array(re.length);
  fft.forward(re, im);
  const power = re.map((value, i) => value ** 2 + im[i]! ** 2);
  power[0] = 0;
  return power;
}

function entropy(power: Float64Array): number {
  const total = power.reduce((sum, value) => sum + value, 0);
  let result = 0;
  for (const value of power) if (value > 0) result -= (value / total) * Math.log(value / total);
  return result / Math.log(power.length - 1);
}

/** Wiener-Khinchin; averaged over shells of one grid distance, linear between them. */
function correlationLength(power: Float64Array, { grid, fft }: FieldParts): number | null {
  const re = power.slice();
  fft.inverse(re, new Float64Array(re.length));
  const half = grid.n / 2;
  const { sums, counts } = shells(re, grid.n, grid.dim);
  const level = Math.exp(-1);
  for (let r = 1; r <= half; r++) {
    const before = sums[r - 1]! / counts[r - 1]! / re[0]!;
    const here = sums[r]! / counts[r]! / re[0]!;
    if (here < level) return grid.dx * (r - 1 + (before - level) / (before - here));
  }
  return null;
}

function spectralSlope(power: Float64Array, { grid }: FieldParts): number | null {
  const { sums, counts } = shells(power, grid.n, grid.dim);
  const xs: number[] = [];
  const ys: number[] = [];
  for (let r = 1; r <= Math.floor(grid.n / 3); r++) {
    if (!(sums[r]! > 0)) continue;
    xs.push(Math.log(r));
    ys.push(Math.log(sums[r]! / counts[r]!));
  }
  if (xs.length < 2) return null;
  const meanX = xs.reduce((a, b) => a + b, 0) / xs.length;
  const meanY = ys.reduce((a, b) => a + b, 0) / ys.length;
  let up = 0;
  let down = 0;
  xs.forEach((x, i) => {
    up += (x - meanX) * (ys[i]! - meanY);
    down += (x - meanX) ** 2;
  });
  return up / down;
}

/** Sums of values by their rounded distance from the first point, the shortest way round. */
function shells(values: Float64Array, n: number, dim: 2 | 3): { sums: Float64Array; counts: Float64Array } {
  const sums = new Float64Array(n + 1);
  const counts = new Float64Array(n + 1);
  for (let i = 0; i < values.length; i++) {
    let squared = 0;
    for (let axis = 0, rest = i; axis < dim; axis++, rest = Math.floor(rest / n)) squared += Math.min(rest % n, n - (rest % n)) ** 2;
    const shell = Math.round(Math.sqrt(squared));
    sums[shell]! += values[i]!;
    counts[shell]!++;
  }
  return { sums, counts };
}

/** |J| / rho is the length of the phase's gradient: no phase is unwrapped. Points next to nothing have no phase and do not count. */
function phaseSlopeVariance(psi: ComplexField, { rho, gradient }: FieldParts): number {
  const floor = 1e-6 * (rho.reduce((sum, value) => sum + value, 0) / rho.length);
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < rho.length; i++) {
    if (!(rho[i]! > floor)) continue;
    let current = 0;
    for (const g of gradient) current += (psi.re[i]! * g.im[i]! - psi.im[i]! * g.re[i]!) ** 2;
    const slope = Math.sqrt(current) / rho[i]!;
    count++;
    sum += slope;
    squares += slope * slope;
  }
  return count === 0 ? 0 : Math.max(0, squares / count - (sum / count) ** 2);
}

/** sqrt(d / (d - 1)) |T - tr(T)/d| / |T| with T = <d_i rho d_j rho>. */
function anisotropy(psi: ComplexField, { gradient }: FieldParts): number | null {
  const slopes = gradient.map((g) => g.re.map((re, i) => 2 * (psi.re[i]! * re + psi.im[i]! * g.im[i]!)));
  const d = slopes.length;
  const tensor = slopes.map((a) => slopes.map((b) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)));
  const trace = tensor.reduce((sum, row, i) => sum + row[i]!, 0);
  let size = 0;
  let rest = 0;
  tensor.forEach((row, i) => row.forEach((value, j) => {
    size += value ** 2;
    rest += (value - (i === j ? trace / d : 0)) ** 2;
  }));
  return size > 0 ? Math.sqrt((d / (d - 1)) * (rest / size)) : null;
}
