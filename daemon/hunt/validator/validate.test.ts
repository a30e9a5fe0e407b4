import { describe, expect, test } from 'vitest';
import { createSolver } from '../../solver/backends.ts';
import type { ComplexField } from '../../solver/complex-field.ts';
import { DEFAULT_PARAMETERS, type SolverParameters } from '../../../kernels/spectral/parameters.ts';
import { SeededRandom } from '../../solver/random.ts';
import { HUNT_SENTINEL } from '../sentinels.ts';
import type { FinalState } from './geometry-norms.ts';
import { validate } from './validate.ts';

const SMALL: SolverParameters = { ...DEFAULT_PARAMETERS, N_grid: 32, T_steps: 400, sncgl_epsilon: 0.5 };

function run(p: SolverParameters, seed = 1): FinalState {
  const solver = createSolver(p, { seed });
  solver.step(p.T_steps);
  const state = { psi: solver.field(), omegaSquared: solver.omegaSquared(), densityRatio: solver.densityRatio() };
  solver.close();
  return state;
}

const level = (p: SolverParameters, value: number): FinalState => {
  const points = p.N_grid ** p.dim;
  return { psi: { re: new Float64Array(points).fill(value), im: new Float64Array(points) }, omegaSquared: new Float64Array(points).fill(1), densityRatio: new Float64Array(points).fill(1) };
};

const rolled = (values: Float64Array, n: number, by: number): Float64Array => values.map((_, i) => values[((Math.floor(i / n) + by) % n) * n + ((i + 3 * by) % n)]!);
const turned = ({ re, im }: ComplexField, angle: number): ComplexField => ({
  re: re.map((value, i) => Math.cos(angle) * value - Math.sin(angle) * im[i]!),
  im: re.map((value, i) => Math.sin(angle) * value + Math.cos(angle) * im[i]!),
});

describe('the validator', () => {
  const state = run(SMALL);
  const result = validate(SMALL, state, 7);

  test('scores a run of the solver', () => {
    expect(result.sentinelCode).toBe(HUNT_SENTINEL.ok);
    expect(result.metrics.log_prime_sse).toBeGreaterThan(0.3);
    expect(result.metrics.p_value).toBeGreaterThanOrEqual(1 / 33);
    expect(result.spectralFidelity).toMatchObject({ n_rays: 64, n_surrogates: 32 });
    expect(result.spectralFidelity!.scaled_peaks).toHaveLength(result.spectralFidelity!.measured_peaks.length);
  });

  test('gives the same bytes for the same state and seed, and another p value may come of another seed only', () => {
    expect(JSON.stringify(validate(SMALL, state, 7))).toBe(JSON.stringify(result));
    expect(validate(SMALL, state, 8).metrics.log_prime_sse).toBe(result.metrics.log_prime_sse);
    expect(validate(SMALL, state, 8).metrics.sse_null_phase_scramble).not.toBe(result.metrics.sse_null_phase_scramble);
  });

  test('sees no difference in a field shifted by whole points or turned in phase', () => {
    const { psi, omegaSquared, densityRatio } = state;
    const shift = (values: Float64Array): Float64Array => rolled(values, SMALL.N_grid, 5);
    const shifted = { psi: { re: shift(psi.re), im: shift(psi.im) }, omegaSquared: shift(omegaSquared), densityRatio: shift(densityRatio) };
    // Surrogates are drawn for a place in the box, so theirs are other draws of the same kind.
    const { sse_null_phase_scramble: _s, p_value: _p, ...expected } = result.metrics;
    for (const other of [shifted, { ...state, psi: turned(psi, 1.234) }]) {
      const { metrics } = validate(SMALL, other, 7);
      for (const [name, value] of Object.entries(expected)) expect(metrics[name as keyof typeof metrics], name).toBeCloseTo(value as number, 8);
    }
  });

  test.each([
    ['helmholtz', 0.05, 1e-2],
    ['poisson', 0.05, 1e-2],
    ['algebraic', 0.05, 1e-2],
  ] as const)('finds that the geometry of %s fits its field', (sdg_solver, dt, most) => {
    const p = { ...SMALL, sdg_solver, dt, T_steps: 300, sdg_rho_vac: sdg_solver === 'algebraic' ? 0.01 : 1 };
    const good = run(p);
    const { sdg_h_norm_l2 } = validate(p, good, 1, 1).metrics;
    expect(sdg_h_norm_l2).toBeGreaterThan(0);
    expect(sdg_h_norm_l2).toBeLessThan(most);
    const wrong = { ...good, densityRatio: good.densityRatio.map((value) => 1 + 2 * (value - 1)) };
    expect(validate(p, wrong, 1, 1).metrics.sdg_h_norm_l2).toBeGreaterThan(0.5);
  });

  test('has an h norm that falls with the third power of dt: the geometry is that of the last stage of the step', () => {
    const at = (dt: number): number => validate({ ...SMALL, dt }, run({ ...SMALL, dt, T_steps: Math.round(20 / dt) }), 1, 1).metrics.sdg_h_norm_l2;
    const ratio = at(0.05) / at(0.025);
    expect(ratio).toBeGreaterThan(6);
    expect(ratio).toBeLessThan(10);
  });

  test('finds flat space flat', () => {
    const p = { ...SMALL, sdg_alpha: 0, T_steps: 200 };
    const { metrics, sentinelCode } = validate(p, run(p), 1, 1);
    expect(sentinelCode).toBe(HUNT_SENTINEL.ok);
    expect(metrics.sdg_metric_dev_l2).toBe(0);
    expect(metrics.sdg_conformal_residual).toBeLessThan(1e-12);
  });

  test('scores a run in three dimensions', () => {
    const p: SolverParameters = { ...SMALL, N_grid: 16, dim: 3, dt: 0.1, T_steps: 60, L_domain: 10 };
    const { sentinelCode, metrics } = validate(p, run(p), 1, 2);
    expect(sentinelCode).toBe(HUNT_SENTINEL.ok);
    expect(metrics.anisotropy).toBeLessThan(0.5);
  });
});

describe('sentinels', () => {
  test('997 for a level field, with the plain metrics and without a score', () => {
    const { sentinelCode, metrics, reason } = validate(SMALL, level(SMALL, 2), 1);
    expect(sentinelCode).toBe(HUNT_SENTINEL.noVariance);
    expect(reason).toMatch(/variance/);
    expect(metrics).toMatchObject({ log_prime_sse: null, p_value: null, rho_mean: 4, pcs: 1, pli: 1, correlation_length: null, spectral_entropy: null });
  });

  test('1002 for a field that is not finite', () => {
    const state = level(SMALL, 1);
    state.psi.re[5] = NaN;
    expect(validate(SMALL, state, 1)).toMatchObject({ sentinelCode: HUNT_SENTINEL.singularity, metrics: { log_prime_sse: null } });
  });

  test('500 for a level metric under a field that is not level', () => {
    const random = new SeededRandom(1);
    const state = level(SMALL, 1);
    state.psi.re.forEach((_, i) => (state.psi.re[i] = 1 + random.normal()));
    expect(validate(SMALL, state, 1).sentinelCode).toBe(HUNT_SENTINEL.flatMetric);
    expect(validate({ ...SMALL, sdg_alpha: 0 }, state, 1, 1).sentinelCode).toBe(HUNT_SENTINEL.ok);
  });

  test('996 when no two peaks of a ray fit', () => {
    const state = level(SMALL, 1);
    state.omegaSquared[0] = 0.5;
    // One tone in each direction: a ray has one peak, or (along a diagonal) its double as well, which is no ratio of two logarithms.
    state.psi.re.forEach((_, i) => (state.psi.re[i] = Math.sqrt(2 + Math.cos((2 * Math.PI * 8 * (i % 32)) / 32))));
    expect(validate(SMALL, state, 1)).toMatchObject({ sentinelCode: HUNT_SENTINEL.noOverlap, spectralFidelity: { failure_reason_main: 'no overlap' } });
  });
});

test('plain metrics of fields whose values are known', () => {
  const p = { ...SMALL, sdg_alpha: 0 };
  const n = p.N_grid;
  const wave = (cycles: number, i: number): number => (2 * Math.PI * cycles * (i % n)) / n;
  const state = level(p, 0);
  state.psi.re.forEach((_, i) => {
    const amplitude = 1 + 0.5 * Math.cos(wave(2, i));
    state.psi.re[i] = amplitude * Math.cos(wave(3, i));
    state.psi.im[i] = amplitude * Math.sin(wave(3, i));
  });
  const { metrics } = validate(p, state, 1, 1);
  expect(metrics.pcs).toBeCloseTo(0, 12);
  expect(metrics.rho_mean).toBeCloseTo(1.125, 12);
  expect(metrics.grad_phase_var).toBeCloseTo(0, 12);
  // All slopes lie along the rows.
  expect(metrics.anisotropy).toBeCloseTo(1, 12);
  const one = level(p, 0);
  one.psi.re[17] = 3;
  expect(validate(p, one, 1, 1).metrics.pli).toBeCloseTo(n * n, 6);
});
