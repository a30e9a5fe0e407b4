import { GridFft } from '../../solver/fft.ts';
import type { ComplexField } from '../../solver/complex-field.ts';
import { energySource } from '../../solver/geometry.ts';
import { makeGrid, type Grid } from '../../solver/grid.ts';
import { referenceDensity, type SolverParameters } from '../../../kernels/spectral/parameters.ts';

/** A run's last state, at the grid's points. */
export interface FinalState {
  readonly psi: ComplexField;
  /** Omega^2 and rho_s / rho_vac as the run used them in its last step. */
  readonly omegaSquared: Float64Array;
  readonly densityRatio: Float64Array;
}

export interface GeometryNorms {
  /**
   * || L(rho_s / rho_vac) - S[psi] || / || S[psi] ||, L the law of the geometry, S its source made anew from the final field: how far
   * the geometry of the last step's last stage lags behind the field. It falls with dt^3, so only runs of equal dt compare.
   */
  readonly sdg_h_norm_l2: number;
  /** RMS of Omega^2 - 1: departure from flat space. */
  readonly sdg_metric_dev_l2: number;
  /** RMS of lap Omega + alpha rho Omega. */
  readonly sdg_conformal_residual: number;
}

const TINY = 1e-12;

/** The field's gradient and what else is read off it, shared by the metrics. */
export interface FieldParts {
  readonly grid: Grid;
  readonly fft: GridFft;
  readonly rho: Float64Array;
  readonly gradient: readonly ComplexField[];
}

export function fieldParts(p: SolverParameters, psi: ComplexField): FieldParts {
  const grid = makeGrid(p);
  const fft = new GridFft(p.N_grid, p.dim);
  const re = psi.re.slice();
  const im = psi.im.slice();
  fft.forward(re, im);
  const gradient = grid.k.map((wave) => {
    const g = { re: im.map((value, i) => -wave[i]! * value), im: re.map((value, i) => wave[i]! * value) };
    fft.inverse(g.re, g.im);
    return g;
  });
  return { grid, fft, rho: psi.re.map((value, i) => value ** 2 + psi.im[i]! ** 2), gradient };
}

export function geometryNorms(p: SolverParameters, state: FinalState, parts: FieldParts): GeometryNorms {
  const omega = state.omegaSquared.map(Math.sqrt);
  const curved = laplacian(omega, parts);
  return {
    sdg_h_norm_l2: constraint(p, state, parts),
    sdg_metric_dev_l2: rms(state.omegaSquared.map((value) => value - 1)),
    sdg_conformal_residual: rms(curved.map((value, i) => value + p.sdg_alpha * parts.rho[i]! * omega[i]!)),
  };
}

function constraint(p: SolverParameters, { psi, densityRatio }: FinalState, parts: FieldParts): number {
  if (p.sdg_solver === 'algebraic') {
    const scale = 1 / (referenceDensity(p) * p.sdg_rho_vac);
    const source = parts.rho.map((value) => value * scale);
    return rms(densityRatio.map((value, i) => value - source[i]!)) / (rms(source) + TINY);
  }
  const source = new Float64Array(parts.grid.points);
  energySource(p, psi, parts.gradient, parts.rho, source);
  // The Poisson form has no solution for the mean, so it is no part of its constraint.
  if (p.sdg_solver === 'poisson') {
    const mean = source.reduce((sum, value) => sum + value, 0) / source.length;
    source.forEach((value, i) => (source[i] = value - mean));
  }
  const mass = p.sdg_solver === 'poisson' ? 0 : p.sdg_mass_sq;
  const excess = densityRatio.map((value) => value - 1);
  const bent = laplacian(excess, parts);
  return rms(excess.map((value, i) => mass * value - bent[i]! - source[i]!)) / (rms(source) + TINY);
}

function laplacian(values: Float64Array, { grid, fft }: FieldParts): Float64Array {
  const re = values.slice();
  const im = new Float64Array(values.length);
  fft.forward(re, im);
  for (let i = 0; i < re.length; i++) {
    re[i]! *= -grid.kSquared[i]!;
    im[i]! *= -grid.kSquared[i]!;
  }
  fft.inverse(re, im);
  return re;
}

function rms(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
