import type { MakeSolver } from './convergence.ts';
import { DEFAULT_PARAMETERS, type SolverParameters } from '../../kernels/spectral/parameters.ts';
import { SeededRandom } from './random.ts';
import { TypescriptSolver } from './reference.ts';

/** The defaults on a small grid. */
export const SMALL: SolverParameters = { ...DEFAULT_PARAMETERS, N_grid: 32 };

export const typescriptSolver: MakeSolver = (parameters, start) => new TypescriptSolver(parameters, start);

/** Parameters drawn from what a hunt searches. */
export function randomParameters(seed: number): SolverParameters {
  const random = new SeededRandom(seed);
  const from = (low: number, high: number): number => low + (high - low) * random.uniform();
  return {
    ...SMALL,
    sncgl_epsilon: from(0.1, 0.5),
    sncgl_lambda: from(0.01, 0.1),
    sncgl_g_nonlocal: from(5e-4, 5e-3),
    sncgl_c3: from(-1.5, 1.5),
    sdg_alpha: from(1, 2),
    sdg_kappa: from(0.5, 1.5),
    sdg_eta: from(0.1, 1),
    sdg_mass_sq: from(0.1, 4),
  };
}
