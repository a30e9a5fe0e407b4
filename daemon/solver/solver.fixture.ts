import type { ComplexField } from './complex-field.ts';
import type { SncglSolver, SolverStart } from './contract.ts';
import { DEFAULT_PARAMETERS, type SolverParameters } from './parameters.ts';
import { SeededRandom } from './random.ts';
import { TypescriptSolver } from './reference.ts';

/** The defaults on a small grid. */
export const SMALL: SolverParameters = { ...DEFAULT_PARAMETERS, N_grid: 32 };

/** |a - b| / |b| over all points, root of the mean square. */
export function distance(a: ComplexField, b: ComplexField): number {
  let sum = 0;
  let norm = 0;
  for (let i = 0; i < b.re.length; i++) {
    sum += (a.re[i]! - b.re[i]!) ** 2 + (a.im[i]! - b.im[i]!) ** 2;
    norm += b.re[i]! ** 2 + b.im[i]! ** 2;
  }
  return Math.sqrt(sum / norm);
}

export type MakeSolver = (parameters: SolverParameters, start: SolverStart) => SncglSolver;
export const typescriptSolver: MakeSolver = (parameters, start) => new TypescriptSolver(parameters, start);

/** The same interval in steps of 0.05 down to 0.00625: how fast neighbouring results come together, as orders of dt, the last at the smallest steps. */
export function convergenceOrders(make: MakeSolver, parameters: SolverParameters, warmUp: number, interval: number): number[] {
  const warm = make({ ...parameters, dt: 0.025 }, { seed: 7 });
  warm.step(Math.round(warmUp / 0.025));
  const field = warm.field();
  warm.close();
  const results = [0.05, 0.025, 0.0125, 0.00625].map((dt) => {
    const solver = make({ ...parameters, dt }, { seed: 7, field });
    solver.step(Math.round(interval / dt));
    const end = solver.spectrum();
    solver.close();
    return end;
  });
  const errors = results.slice(1).map((finer, i) => distance(results[i]!, finer));
  return errors.slice(1).map((error, i) => Math.log2(errors[i]! / error));
}

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
