import type { ComplexField } from './complex-field.ts';
import type { Grid } from './grid.ts';
import type { SolverParameters } from '../../kernels/spectral/parameters.ts';

/** `typescript` is the reference; `native` the C kernel. */
export type SolverBackend = 'typescript' | 'native';

/**
 * The S-NCGL field coupled to its SDG geometry on a periodic grid, stepped by ETDRK4, the geometry recomputed in every stage.
 * All calls run on the calling thread: a step of a large grid takes tens of milliseconds.
 */
export interface SncglSolver {
  readonly backend: SolverBackend;
  /** Which code: `typescript`, or the instruction set of the C kernel. */
  readonly kernel: string;
  readonly parameters: SolverParameters;
  readonly grid: Grid;
  /** Steps made so far. */
  readonly steps: number;
  /** Makes `count` steps of dt. NaN spreads and throws nothing. @throws RigError E_SOLVER_ARGUMENT once closed */
  step(count: number): void;
  /** The field as wave numbers, a copy. */
  spectrum(): ComplexField;
  /** The field at the grid's points, a copy. */
  field(): ComplexField;
  /** Omega^2 as the last stage of the last step had it, a copy; 1 everywhere before the first step. */
  omegaSquared(): Float64Array;
  /** rho_s / rho_vac likewise. */
  densityRatio(): Float64Array;
  /** Frees what the solver holds; it cannot be used afterwards. */
  close(): void;
}

/** Where a run begins, and what pushes it. */
export interface SolverStart {
  /** Of the initial state: a whole number up to 2^53. */
  readonly seed: number;
  /** The field at the grid's points instead of the initial state; it is dealiased. */
  readonly field?: ComplexField;
  /** The static template S at the grid's points. Default: none. */
  readonly source?: ComplexField;
}
