import type { ComplexField } from './complex-field.ts';
import { etdrk4, type Etdrk4 } from './etdrk4.ts';
import { ellipticInverse, GeometryLaw } from './geometry.ts';
import { makeGrid, type Grid } from './grid.ts';
import type { SolverParameters } from '../../kernels/spectral/parameters.ts';

/** Everything about a run that stays the same from step to step. Every backend works from these numbers. */
export interface SolverTables {
  readonly parameters: SolverParameters;
  readonly grid: Grid;
  readonly coefficients: Etdrk4;
  readonly law: GeometryLaw;
  readonly scalars: Scalars;
  /** The non-local kernel K^ of each mode. */
  readonly kernel: Float64Array;
  /** The elliptic equation's inverse of each mode. */
  readonly elliptic: Float64Array;
  /** The static template S as wave numbers, dealiased; null = none. */
  readonly source: ComplexField | null;
}

export interface Scalars {
  /** D = dRe + i dIm */
  readonly dRe: number;
  readonly dIm: number;
  /** In the middle between the least and the greatest Omega^-2, so that the explicit remainder is less than the exact part. */
  readonly gamma: number;
  /** lambda b3, lambda c3, g_nl */
  readonly damp: number;
  readonly turn: number;
  readonly nonlocal: number;
}

/** @param parameters that `checkParameters` has passed */
export function makeTables(parameters: SolverParameters, source: ComplexField | null): SolverTables {
  const p = parameters;
  const grid = makeGrid(p);
  const law = new GeometryLaw(p);
  const dRe = p.sncgl_epsilon * p.sncgl_diff_re;
  const dIm = p.sncgl_epsilon * p.sncgl_diff_im;
  const gamma = (1 + 1 / law.floor) / 2;
  return {
    parameters,
    grid,
    law,
    source,
    coefficients: etdrk4(grid, (k2) => [p.sncgl_epsilon - dRe * gamma * k2, -dIm * gamma * k2], p.dt),
    scalars: { dRe, dIm, gamma, damp: p.sncgl_lambda * p.sncgl_b3, turn: p.sncgl_lambda * p.sncgl_c3, nonlocal: p.sncgl_g_nonlocal },
    kernel: grid.kSquared.map((k2) => Math.exp(-k2 / (2 * p.sncgl_sigma_k ** 2))),
    elliptic: ellipticInverse(p, grid),
  };
}
