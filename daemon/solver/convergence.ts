import type { ComplexField } from './complex-field.ts';
import type { SncglSolver, SolverStart } from './contract.ts';
import type { SolverParameters } from '../../kernels/spectral/parameters.ts';

export type MakeSolver = (parameters: SolverParameters, start: SolverStart) => SncglSolver;

/** Time until the noise has become waves, and how long the errors are let grow. */
const WARM_UP = 15;
const INTERVAL = 1;

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

/** The same interval in steps of 0.05 down to 0.00625: how fast neighbouring results come together, as orders of dt, the last at the smallest steps. */
export function convergenceOrders(make: MakeSolver, parameters: SolverParameters, warmUp = WARM_UP, interval = INTERVAL): number[] {
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
