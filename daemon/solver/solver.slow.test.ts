import { describe, expect, it } from 'vitest';
import { createSolver, solverKernels } from './backends.ts';
import { distance } from './convergence.ts';
import { referenceDensity, SDG_SOLVERS } from '../../kernels/spectral/parameters.ts';
import { TypescriptSolver } from './reference.ts';
import { randomParameters, SMALL } from './solver.fixture.ts';

describe('a long run', () => {
  it('stays finite for 40 random draws of what is searched', { timeout: 300_000 }, () => {
    for (let seed = 1; seed <= 40; seed++) {
      const solver = createSolver(randomParameters(seed), { seed });
      solver.step(1000);
      const { re, im } = solver.field();
      expect(re.every(Number.isFinite) && im.every(Number.isFinite)).toBe(true);
      const density = re.reduce((sum, value, i) => sum + value ** 2 + im[i]! ** 2, 0) / re.length;
      expect(density).toBeLessThan(3 * referenceDensity(solver.parameters));
      solver.close();
    }
  });
});

const { kernels } = solverKernels();

describe.skipIf(kernels.length === 0)('every kernel over many steps', () => {
  const cases = [
    ...SDG_SOLVERS.map((sdg_solver) => ({ N_grid: 64, dim: 2 as const, sdg_solver, steps: 100 })),
    { N_grid: 128, dim: 2 as const, sdg_solver: 'helmholtz' as const, steps: 100 },
    // The largest grid, whose lines no other has: one stage of radix 4 and two of 8.
    { N_grid: 256, dim: 2 as const, sdg_solver: 'helmholtz' as const, steps: 10 },
    // 100 steps of the larger one would take longer than all others together.
    { N_grid: 16, dim: 3 as const, sdg_solver: 'helmholtz' as const, steps: 100 },
    { N_grid: 32, dim: 3 as const, sdg_solver: 'helmholtz' as const, steps: 25 },
  ];
  it.each(cases)('agrees with the reference: %j', { timeout: 600_000 }, ({ steps, ...change }) => {
    const parameters = { ...SMALL, ...change, sdg_rho_vac: 0.01 };
    const [wanted, ...others] = [new TypescriptSolver(parameters, { seed: 3 }), ...kernels.map((kernel) => createSolver(parameters, { seed: 3 }, { kernel }))].map((solver) => {
      solver.step(steps);
      const spectrum = solver.spectrum();
      solver.close();
      return spectrum;
    });
    for (const spectrum of others) expect(distance(spectrum, wanted!)).toBeLessThan(1e-10);
  });
});
