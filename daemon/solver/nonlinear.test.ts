import { describe, expect, it } from 'vitest';
import { newField, type ComplexField } from './complex-field.ts';
import { GridFft } from './fft.ts';
import { dealias, type Grid } from './grid.ts';
import { NonlinearPart } from './nonlinear.ts';
import { SMALL } from './solver.fixture.ts';
import { makeTables } from './tables.ts';

/** Derivative of a field at the grid's points. */
function derivative({ re, im }: ComplexField, axis: number, grid: Grid, fft: GridFft): ComplexField {
  const f = { re: re.slice(), im: im.slice() };
  fft.forward(f.re, f.im);
  for (let i = 0; i < grid.points; i++) [f.re[i], f.im[i]] = [-grid.k[axis]![i]! * f.im[i]!, grid.k[axis]![i]! * f.re[i]!];
  fft.inverse(f.re, f.im);
  return f;
}

/** g^ij (d_i d_j - Gamma^k_ij d_k) psi of the metric g_ij = Omega^2 delta_ij, with Christoffel's symbols written out. */
function covariantLaplacian(psi: ComplexField, omegaSquared: Float64Array, grid: Grid, fft: GridFft): ComplexField {
  const axes = grid.k.map((_, axis) => axis);
  const metric = axes.map((axis) => derivative({ re: omegaSquared, im: new Float64Array(grid.points) }, axis, grid, fft).re);
  const slope = axes.map((axis) => derivative(psi, axis, grid, fft));
  const out = newField(grid.points);
  for (const i of axes) {
    const second = derivative(slope[i]!, i, grid, fft);
    for (let x = 0; x < grid.points; x++) {
      const inverse = 1 / omegaSquared[x]!;
      out.re[x]! += inverse * second.re[x]!;
      out.im[x]! += inverse * second.im[x]!;
      for (const k of axes) {
        // Gamma^k_ii = 1/2 g^kk (2 d_i g_ik - d_k g_ii)
        const symbol = 0.5 * inverse * ((i === k ? 2 * metric[i]![x]! : 0) - metric[k]![x]!);
        out.re[x]! -= inverse * symbol * slope[k]!.re[x]!;
        out.im[x]! -= inverse * symbol * slope[k]!.im[x]!;
      }
    }
  }
  return out;
}

describe('the nonlinear part', { timeout: 60_000 }, () => {
  it.each([
    { dim: 2, accuracy: 1e-12 },
    // Slopes of Omega^2 here, of Omega^-2 there: the same up to what the grid cannot hold.
    { dim: 3, accuracy: 1e-6 },
  ] as const)('is the covariant Laplacian in $dim dimensions', ({ dim, accuracy }) => {
    const full = makeTables({ ...SMALL, dim, N_grid: 32, L_domain: 10 }, null);
    const tables = { ...full, scalars: { ...full.scalars, damp: 0, turn: 0, nonlocal: 0 } };
    const { grid, scalars } = tables;
    const fft = new GridFft(32, dim);
    const psi = newField(grid.points);
    for (let i = 0; i < grid.points; i++) {
      const [x, y, z] = [i % 32, Math.floor(i / 32) % 32, Math.floor(i / 1024)].map((at) => (2 * Math.PI * at) / 32) as [number, number, number];
      psi.re[i] = 2 + 0.5 * Math.cos(x) + 0.3 * Math.sin(y + x) + 0.2 * Math.cos(z);
      psi.im[i] = 0.4 * Math.sin(y) - 0.3 * Math.cos(x - z);
    }
    const spectrum = { re: psi.re.slice(), im: psi.im.slice() };
    fft.forward(spectrum.re, spectrum.im);
    dealias(spectrum, grid);
    const part = new NonlinearPart(tables, fft);
    const got = newField(grid.points);
    part.evaluate(spectrum, got);

    const omegaSquared = part.inverseOmegaSquared.map((value) => 1 / value);
    expect(Math.max(...omegaSquared) - Math.min(...omegaSquared)).toBeGreaterThan(0.02);
    const wanted = covariantLaplacian(psi, omegaSquared, grid, fft);
    fft.forward(wanted.re, wanted.im);
    dealias(wanted, grid);
    let worst = 0;
    let greatest = 0;
    for (let i = 0; i < grid.points; i++) {
      // The part of the Laplacian that is taken exactly, -gamma k^2, comes on top.
      const re = wanted.re[i]! + scalars.gamma * grid.kSquared[i]! * spectrum.re[i]!;
      const im = wanted.im[i]! + scalars.gamma * grid.kSquared[i]! * spectrum.im[i]!;
      worst = Math.max(worst, Math.hypot(got.re[i]! - (scalars.dRe * re - scalars.dIm * im), got.im[i]! - (scalars.dRe * im + scalars.dIm * re)));
      greatest = Math.max(greatest, Math.hypot(got.re[i]!, got.im[i]!));
    }
    expect(worst / greatest).toBeLessThan(accuracy);
  });

  it('has the first-derivative term of three dimensions: where Omega^-2 is c rho, the Laplacian is c psi^2 psi_xx - c psi psi_x^2 by hand', () => {
    // Omega = (c psi^2)^(-1/2): Omega^-3 grad Omega . grad psi = -c psi psi_x^2. In two dimensions only the first part is left.
    for (const [dim, slopes] of [[3, 1], [2, 0]] as const) {
      const reference = SMALL.sncgl_epsilon / (SMALL.sncgl_lambda * SMALL.sncgl_b3 + SMALL.sncgl_g_nonlocal);
      const full = makeTables({ ...SMALL, dim, N_grid: 16, sdg_solver: 'algebraic', sdg_alpha: 1, sdg_rho_vac: 2 / reference }, null);
      const { grid, scalars } = full;
      const part = new NonlinearPart({ ...full, scalars: { ...scalars, damp: 0, turn: 0, nonlocal: 0 } }, new GridFft(16, dim));
      const k = (2 * Math.PI) / SMALL.L_domain;
      for (let axis = 0; axis < dim; axis++) {
        const [psi, wanted, got] = [newField(grid.points), newField(grid.points), newField(grid.points)];
        for (let i = 0; i < grid.points; i++) {
          const angle = (2 * Math.PI * (Math.floor(i / 16 ** (dim - 1 - axis)) % 16)) / 16;
          const [value, first, second] = [2 + 0.5 * Math.cos(angle), -0.5 * k * Math.sin(angle), -0.5 * k * k * Math.cos(angle)];
          const lap = 0.5 * value ** 2 * second - slopes * 0.5 * value * first ** 2 - scalars.gamma * second;
          [psi.re[i], wanted.re[i], wanted.im[i]] = [value, scalars.dRe * lap, scalars.dIm * lap];
        }
        const fft = new GridFft(16, dim);
        fft.forward(psi.re, psi.im);
        part.evaluate(psi, got);
        fft.inverse(got.re, got.im);
        const size = Math.max(...wanted.re.map(Math.abs));
        for (let i = 0; i < grid.points; i++) expect(Math.hypot(got.re[i]! - wanted.re[i]!, got.im[i]! - wanted.im[i]!) / size).toBeLessThan(1e-11);
      }
    }
  });
});
