import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newField, type ComplexField } from './complex-field.ts';
import { convergenceOrders, distance } from './convergence.ts';
import { referenceDensity } from '../../kernels/spectral/parameters.ts';
import { TypescriptSolver } from './reference.ts';
import { SMALL, typescriptSolver } from './solver.fixture.ts';

const bytesOf = ({ re, im }: ComplexField): string => createHash('sha256').update(Buffer.from(re.buffer)).update(Buffer.from(im.buffer)).digest('hex');

describe('the reference solver', { timeout: 60_000 }, () => {
  it('is of fourth order in flat space', () => {
    expect(convergenceOrders(typescriptSolver, { ...SMALL, sdg_alpha: 0 }).at(-1)).toBeGreaterThan(3.8);
  });

  it('is of nearly fourth order with its geometry', () => {
    expect(convergenceOrders(typescriptSolver, SMALL).at(-1)).toBeGreaterThan(3.5);
  });

  it('keeps space flat, bit for bit, without coupling', () => {
    for (const sdg_solver of ['helmholtz', 'poisson', 'algebraic'] as const) {
      const solver = new TypescriptSolver({ ...SMALL, N_grid: 16, sdg_alpha: 0, sdg_solver }, { seed: 1 });
      solver.step(20);
      expect(solver.omegaSquared().every((value) => value === 1)).toBe(true);
    }
  });

  it('bends space within its bounds with coupling', () => {
    for (const [sdg_solver, ceiling] of [['helmholtz', 1], ['poisson', 10], ['algebraic', 1]] as const) {
      const solver = new TypescriptSolver({ ...SMALL, N_grid: 16, sdg_solver, sdg_rho_vac: 0.3, sdg_omega_sq_min: 0.1 }, { seed: 1 });
      solver.step(300);
      const omega = solver.omegaSquared();
      expect(Math.min(...omega)).toBeGreaterThanOrEqual(0.1);
      expect(Math.min(...omega)).toBeLessThan(0.95);
      expect(Math.max(...omega)).toBeLessThanOrEqual(ceiling);
      if (sdg_solver === 'poisson') expect(Math.max(...omega)).toBeGreaterThan(1);
      const ratio = solver.densityRatio();
      omega.forEach((value, i) => expect(value).toBeCloseTo(Math.min(ceiling, Math.max(0.1, ratio[i]! ** -1.5)), 9));
    }
  });

  it('turns a plane wave as the equation says, and brings it to its amplitude', () => {
    const p = { ...SMALL, N_grid: 16, sdg_kappa: 0, sdg_eta: 0, dt: 0.02 };
    const q = (2 * Math.PI * 2) / p.L_domain;
    const density = (p.sncgl_epsilon - p.sncgl_epsilon * p.sncgl_diff_re * q ** 2) / (p.sncgl_lambda * p.sncgl_b3 + p.sncgl_g_nonlocal);
    const frequency = -(p.sncgl_epsilon * p.sncgl_diff_im * q ** 2 + p.sncgl_lambda * p.sncgl_c3 * density);
    const wave = (amplitude: number, phase: number): ComplexField => {
      const field = newField(p.N_grid ** 2);
      for (let i = 0; i < field.re.length; i++) {
        const angle = q * (i % p.N_grid) * (p.L_domain / p.N_grid) + phase;
        [field.re[i], field.im[i]] = [amplitude * Math.cos(angle), amplitude * Math.sin(angle)];
      }
      return field;
    };
    const turning = new TypescriptSolver(p, { seed: 0, field: wave(Math.sqrt(density), 0) });
    turning.step(1000);
    // Away from the exact part of the linear operator by gamma, hence not to the last digit.
    expect(distance(turning.field(), wave(Math.sqrt(density), frequency * 20))).toBeLessThan(1e-6);

    const growing = new TypescriptSolver({ ...p, dt: 0.05 }, { seed: 0, field: wave(0.9 * Math.sqrt(density), 0) });
    growing.step(1000);
    const { re, im } = growing.field();
    re.forEach((value, i) => expect((value ** 2 + im[i]! ** 2) / density).toBeCloseTo(1, 6));
  });

  it('grows to the reference density without waves', () => {
    const solver = new TypescriptSolver({ ...SMALL, N_grid: 16 }, { seed: 0, field: { re: newField(256).re.fill(0.1), im: newField(256).im } });
    solver.step(1200);
    const { re, im } = solver.field();
    expect(re.every((value, i) => Math.abs(value ** 2 + im[i]! ** 2 - referenceDensity(SMALL)) < 1e-5)).toBe(true);
  });

  it('is held in place by a template that undoes everything else', () => {
    const p = { ...SMALL, N_grid: 16 };
    const amplitude = 1.5;
    const growth = p.sncgl_epsilon - (p.sncgl_lambda * p.sncgl_b3 + p.sncgl_g_nonlocal) * amplitude ** 2;
    const turn = -p.sncgl_lambda * p.sncgl_c3 * amplitude ** 2;
    const source = { re: newField(256).re.fill(-growth * amplitude), im: newField(256).im.fill(-turn * amplitude) };
    const solver = new TypescriptSolver(p, { seed: 0, field: { re: newField(256).re.fill(amplitude), im: newField(256).im }, source });
    solver.step(50);
    const { re, im } = solver.field();
    re.forEach((value, i) => expect(Math.hypot(value - amplitude, im[i]!)).toBeLessThan(1e-12));
  });

  it('knows no place and no phase', () => {
    const n = SMALL.N_grid;
    const start = new TypescriptSolver(SMALL, { seed: 3 });
    start.step(100);
    const here = start.field();
    const there = newField(n * n);
    // Shifted by (5, 3) points and turned by a right angle: times i.
    const shifted = (i: number): number => ((Math.floor(i / n) + 3) % n) * n + ((i + 5) % n);
    for (let i = 0; i < n * n; i++) [there.re[shifted(i)], there.im[shifted(i)]] = [-here.im[i]!, here.re[i]!];
    const [a, b] = [here, there].map((field) => {
      const solver = new TypescriptSolver(SMALL, { seed: 0, field });
      solver.step(50);
      return solver.field();
    }) as [ComplexField, ComplexField];
    const back = newField(n * n);
    for (let i = 0; i < n * n; i++) [back.re[i], back.im[i]] = [b.im[shifted(i)]!, -b.re[shifted(i)]!];
    expect(distance(back, a)).toBeLessThan(1e-12);
  });

  it('gives the same bytes for the same seed, and others for another', () => {
    const run = (seed: number, initial: 'noise' | 'gaussian'): string => {
      const solver = new TypescriptSolver({ ...SMALL, initial }, { seed });
      solver.step(20);
      return bytesOf(solver.field());
    };
    const all = [run(1, 'noise'), run(2, 'noise'), run(1 + 2 ** 32, 'noise'), run(1, 'gaussian')];
    expect(new Set(all).size).toBe(4);
    expect(run(1, 'noise')).toBe(all[0]);
    // On every machine: arithmetic and functions are the same everywhere JavaScript runs.
    const start = new TypescriptSolver({ ...SMALL, N_grid: 16 }, { seed: 1 }).spectrum();
    expect(start.re[1]).toMatchInlineSnapshot(`0.7255935726143199`);
  });

  it('says what is wrong with a start', () => {
    expect(() => new TypescriptSolver(SMALL, { seed: -1 })).toThrow('seed: must be a whole number');
    expect(() => new TypescriptSolver(SMALL, { seed: 1, field: newField(100) })).toThrow('field: must have 1024 points (it has 100 and 100)');
    expect(() => new TypescriptSolver(SMALL, { seed: 1, source: newField(100) })).toThrow('source: must have 1024 points');
    const closed = new TypescriptSolver(SMALL, { seed: 1 });
    closed.close();
    expect(() => closed.step(1)).toThrow('closed');
  });
});
