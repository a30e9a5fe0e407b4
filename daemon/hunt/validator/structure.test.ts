import { describe, expect, test } from 'vitest';
import { DEFAULT_PARAMETERS, type SolverParameters } from '../../../kernels/spectral/parameters.ts';
import { SeededRandom } from '../../solver/random.ts';
import { correlationTime } from '../correlation-time.ts';
import { boxDimension } from './box-dimension.ts';
import { braggPeaks } from './bragg.ts';
import { fieldParts, type FinalState } from './geometry-norms.ts';
import { structureMetrics } from './structure.ts';

const N = 64;
const P: SolverParameters = { ...DEFAULT_PARAMETERS, N_grid: N, L_domain: 2 * Math.PI };
type Complex = readonly [number, number];

/** The field of a function of the two indices, with flat space. */
function stateOf(f: (x: number, y: number) => Complex, n = N): FinalState {
  const values = Array.from({ length: n * n }, (_, p) => f(Math.floor(p / n), p % n));
  const flat = new Float64Array(n * n).fill(1);
  return { psi: { re: Float64Array.from(values, ([re]) => re), im: Float64Array.from(values, ([, im]) => im) }, omegaSquared: flat, densityRatio: flat };
}

const metricsOf = (state: FinalState, p = P) => structureMetrics(p, state, fieldParts(p, state.psi));
const wave = (cycles: number, i: number, n = N): number => (2 * Math.PI * cycles * i) / n;
const real = (f: (x: number, y: number) => number) => stateOf((x, y) => [f(x, y), 0]);
const bragg = (state: FinalState, p = P) => braggPeaks(fieldParts(p, state.psi));
const densityOf = (f: (x: number, y: number) => number) => real((x, y) => Math.sqrt(f(x, y)));

/** Smoothed complex noise: nothing but a spectrum. */
function noise(seed: number): FinalState {
  const random = new SeededRandom(seed);
  const state = stateOf(() => [random.normal(), random.normal()]);
  const parts = fieldParts(P, state.psi);
  const { re, im } = state.psi;
  parts.fft.forward(re, im);
  for (let i = 0; i < re.length; i++) {
    const factor = Math.exp(-parts.grid.kSquared[i]! / 100);
    re[i]! *= factor;
    im[i]! *= factor;
  }
  parts.fft.inverse(re, im);
  return state;
}

describe('structure of fields whose figures are known', () => {
  test('a straight edge has dimension 1, noise of single points 2', () => {
    expect(boxDimension(Float64Array.from({ length: N * N }, (_, p) => (Math.floor(p / N) < 20 ? 2 : 1)), N, 2)).toBeCloseTo(1, 12);
    const random = new SeededRandom(1);
    expect(boxDimension(Float64Array.from({ length: N * N }, () => random.uniform()), N, 2)).toBeCloseTo(2, 1);
    // A wall in space.
    expect(boxDimension(Float64Array.from({ length: 32 ** 3 }, (_, p) => (Math.floor(p / 1024) < 16 ? 2 : 1)), 32, 3)).toBeCloseTo(2, 12);
    expect(boxDimension(new Float64Array(N * N).fill(3), N, 2)).toBeNull();
  });

  test('a field at the reference density is in balance, one at half of it half', () => {
    const reference = P.sncgl_epsilon / (P.sncgl_lambda * P.sncgl_b3 + P.sncgl_g_nonlocal);
    expect(metricsOf(real(() => Math.sqrt(reference))).nonlinear_balance).toBeCloseTo(1, 12);
    expect(metricsOf(real(() => Math.sqrt(reference / 2))).nonlinear_balance).toBeCloseTo(0.5, 12);
    // The kernel of the non-local part does not see a density that changes from point to point.
    const local: SolverParameters = { ...P, sncgl_lambda: 1e-9, sncgl_g_nonlocal: 0.1 };
    expect(metricsOf(densityOf((x, y) => ((x + y) % 2 === 0 ? 2 : 0)), local).nonlinear_balance).toBeCloseTo(0.1 / P.sncgl_epsilon, 6);
  });

  test('Omega^2 at its floor is saturated, flat space is not, and without a floor it is not known', () => {
    const state = real(() => 1);
    const at = (value: number, p = P) => metricsOf({ ...state, omegaSquared: new Float64Array(N * N).fill(value) }, p).omega_saturation;
    expect(at(1)).toBe(0);
    expect(at(P.sdg_omega_sq_min)).toBeCloseTo(1, 12);
    expect(at(0.55)).toBeCloseTo(0.5, 12);
    expect(at(0.5, { ...P, sdg_alpha: 0 })).toBeNull();
  });

  test('a flow along one direction is all shear, one round the box in both is none; a level field has no stress', () => {
    expect(metricsOf(stateOf((x) => [Math.cos(wave(3, x)), Math.sin(wave(3, x))])).stress_shear).toBeCloseTo(1, 12);
    expect(metricsOf(real((x, y) => 2 + Math.cos(wave(3, x)) + Math.cos(wave(3, y)))).stress_shear).toBeCloseTo(0, 6);
    expect(metricsOf(real(() => 2)).stress_shear).toBeNull();
  });

  test('stripes have one Bragg line, a square lattice two, one of hexagons three, whatever lies around', () => {
    const random = new SeededRandom(2);
    const hum = (): number => 0.05 * random.normal();
    expect(bragg(densityOf((x) => 3 + Math.cos(wave(6, x)))).peaks).toBe(1);
    expect(bragg(densityOf((x) => 3 + Math.cos(wave(6, x)))).share).toBeCloseTo(1, 12);
    expect(bragg(densityOf((x, y) => 5 + Math.cos(wave(6, x)) + Math.cos(wave(6, y)) + hum())).peaks).toBe(2);
    expect(bragg(densityOf((x, y) => 6 + Math.cos(wave(8, x)) + Math.cos(wave(4, x) + wave(7, y)) + Math.cos(wave(4, x) - wave(7, y)) + hum())).peaks).toBe(3);
  });

  test('noise has hardly ever a Bragg line', () => {
    const lines = Array.from({ length: 30 }, (_, seed) => bragg(noise(seed)).peaks);
    expect(lines.reduce((sum, value) => sum + value, 0)).toBeLessThanOrEqual(3);
  });

  test('the compliance is the derivative by a small step', () => {
    const state = noise(3);
    const { psi } = state;
    const parts = fieldParts(P, psi);
    const spectrum = { re: psi.re.slice(), im: psi.im.slice() };
    parts.fft.forward(spectrum.re, spectrum.im);
    const power = spectrum.re.map((re, i) => (i === 0 ? 0 : re ** 2 + spectrum.im[i]! ** 2));
    const strongest = power.indexOf(power.reduce((a, b) => Math.max(a, b)));
    const look = (factor: number): [number, number] => {
      const re = spectrum.re.map((value, i) => (i === strongest ? factor * value : value));
      const im = spectrum.im.map((value, i) => (i === strongest ? factor * value : value));
      parts.fft.inverse(re, im);
      const rho = re.map((value, i) => value ** 2 + im[i]! ** 2);
      const energy = rho.reduce((sum, value) => sum + value, 0);
      return [rho.reduce((sum, value) => sum - (value / energy) * Math.log(value / energy), 0), Math.log(energy)];
    };
    const [up, down] = [look(1 + 1e-5), look(1 - 1e-5)];
    expect(metricsOf(state).informational_compliance).toBeCloseTo((up[0] - down[0]) / (up[1] - down[1]), 5);
    expect(metricsOf(real(() => 2)).informational_compliance).toBeNull();
  });

  test('a plane wave is as concentrated as its amplitude, and a phase that is scrambled point by point far less', () => {
    expect(metricsOf(stateOf((x) => [Math.cos(wave(3, x)), Math.sin(wave(3, x))])).c4_contrast).toBeCloseTo(0, 12);
    const random = new SeededRandom(4);
    const scrambled = stateOf(() => {
      const angle = 2 * Math.PI * random.uniform();
      return [Math.cos(angle), Math.sin(angle)];
    });
    // One mode against N^2 modes of exponential power, whose second moment is twice the squared first.
    expect(metricsOf(scrambled).c4_contrast).toBeCloseTo(Math.log(2 / N ** 2), 1);
  });
});

test('all of them are the same for a field shifted by whole points or turned in phase', () => {
  const state = noise(5);
  const omegaSquared = state.psi.re.map((value) => 0.5 + 0.4 / (1 + value ** 2));
  const shift = (values: Float64Array): Float64Array => values.map((_, p) => values[((Math.floor(p / N) + 5) % N) * N + ((p + 50) % N)]!);
  const { re, im } = state.psi;
  const expected = metricsOf({ ...state, omegaSquared });
  for (const other of [
    { ...state, psi: { re: shift(re), im: shift(im) }, omegaSquared: shift(omegaSquared) },
    { ...state, psi: { re: re.map((value, i) => 0.6 * value - 0.8 * im[i]!), im: im.map((value, i) => 0.6 * value + 0.8 * re[i]!) }, omegaSquared },
  ]) {
    for (const [name, value] of Object.entries(metricsOf(other))) expect(value, name).toBeCloseTo(expected[name as keyof typeof expected]!, 9);
  }
});

describe('correlation time of the mean current', () => {
  const history = (current: (i: number) => number[], looks = 128, every = 10) => Array.from({ length: looks }, (_, i) => ({ steps: (i + 1) * every, densityMean: 1, currentMean: current(i) }));

  test('of a turning current is where its cosine falls below 1/e', () => {
    const period = 32;
    const tau = correlationTime(history((i) => [Math.cos((2 * Math.PI * i) / period), Math.sin((2 * Math.PI * i) / period)]), 0.1)!;
    expect(tau).toBeCloseTo(((Math.acos(Math.exp(-1)) / (2 * Math.PI)) * period), 1);
  });

  test('of noise is less than two looks', () => {
    const random = new SeededRandom(6);
    expect(correlationTime(history(() => [random.normal(), random.normal()]), 0.1)).toBeLessThan(1);
  });

  test('sees the second half only, and leaves out a last look that comes early', () => {
    const random = new SeededRandom(7);
    const turning = history((i) => (i < 60 ? [100 * random.normal(), 0] : [Math.cos(i / 5), Math.sin(i / 5)]));
    const early = [...turning, { steps: 1283, densityMean: 1, currentMean: [9, 9] }];
    expect(correlationTime(early, 0.1)).toBeCloseTo(5 * Math.acos(Math.exp(-1)), 0);
  });

  test('is not known without a current, with too few looks, or of numbers that are none', () => {
    expect(correlationTime([], 0.1)).toBeNull();
    expect(correlationTime(history(() => [0.5, 0.5]), 0.1)).toBeNull();
    expect(correlationTime(history((i) => [i % 2]), 0.1)).not.toBeNull();
    expect(correlationTime(history((i) => [i % 2], 20), 0.1)).toBeNull();
    expect(correlationTime(history(() => [NaN]), 0.1)).toBeNull();
  });
});
