import { describe, expect, it } from 'vitest';
import { newField } from './complex-field.ts';
import type { SolverParameters } from '../../kernels/spectral/parameters.ts';
import { TypescriptSolver } from './reference.ts';
import { runSolver, type RunProgress } from './run.ts';
import { SMALL } from './solver.fixture.ts';

const TINY: SolverParameters = { ...SMALL, N_grid: 16, T_steps: 40 };
const uniform = (value: number) => ({ re: newField(256).re.fill(value), im: newField(256).im });

describe('runSolver', { timeout: 60_000 }, () => {
  it('goes to the end, and tells how far it is', async () => {
    const told: RunProgress[] = [];
    const solver = new TypescriptSolver(TINY, { seed: 1 });
    const outcome = await runSolver(solver, { batchSteps: 15, onProgress: (progress) => told.push(progress) });
    expect(outcome).toMatchObject({ sentinelCode: 0, reason: null, steps: 40, totalSteps: 40 });
    expect(told.map(({ steps }) => steps)).toEqual([15, 30, 40]);
    expect(solver.steps).toBe(40);
    const { re, im } = solver.field();
    expect(outcome.densityMean).toBeCloseTo(re.reduce((sum, value, i) => sum + value ** 2 + im[i]! ** 2, 0) / 256, 12);
    expect(outcome.omegaSquaredMin).toBe(Math.min(...solver.omegaSquared()));
  });

  it('gives 1002 when the field is not finite any more', async () => {
    const outcome = await runSolver(new TypescriptSolver(TINY, { seed: 1, field: uniform(1e200) }));
    expect(outcome).toMatchObject({ sentinelCode: 1002, reason: expect.stringContaining('not finite') as string });
    expect(outcome.steps).toBeLessThanOrEqual(40);
  });

  it('gives 1003 when nothing is left of the field', async () => {
    const outcome = await runSolver(new TypescriptSolver(TINY, { seed: 1, field: uniform(1e-3) }), { batchSteps: 5 });
    expect(outcome).toMatchObject({ sentinelCode: 1003, steps: 5, reason: expect.stringContaining('mean density') as string });
  });

  it.each([
    { sdg_solver: 'algebraic', sdg_rho_vac: 1e-3, sdg_omega_sq_min: 0.9 },
    { sdg_solver: 'helmholtz', sdg_kappa: 100, sdg_eta: 100, sdg_omega_sq_min: 0.9, sdg_mass_sq: 1e-3, L_domain: 5 },
  ] as const)('gives 1005 when the bounds make the metric: %j', async (change) => {
    const outcome = await runSolver(new TypescriptSolver({ ...TINY, ...change, T_steps: 200 }, { seed: 1 }));
    expect(outcome).toMatchObject({ sentinelCode: 1005, reason: expect.stringContaining('bounds') as string });
    expect(outcome.clampedShare).toBeGreaterThanOrEqual(0.99);
  });

  it('takes flat space for what it is, not for clipping', async () => {
    for (const change of [{ sdg_alpha: 0 }, { sdg_omega_sq_min: 1 }, { sdg_solver: 'algebraic' as const }]) {
      expect(await runSolver(new TypescriptSolver({ ...TINY, ...change }, { seed: 1 }))).toMatchObject({ sentinelCode: 0 });
    }
  });

  it('stops between two batches when it is told to', async () => {
    const controller = new AbortController();
    const solver = new TypescriptSolver(TINY, { seed: 1 });
    const stopped = new Error('enough');
    await expect(runSolver(solver, { batchSteps: 10, signal: controller.signal, onProgress: ({ steps }) => steps === 20 && controller.abort(stopped) })).rejects.toBe(stopped);
    expect(solver.steps).toBe(20);
  });

  it('lets other work of the thread go on', async () => {
    let turns = 0;
    const turn = (): void => {
      turns++;
      if (turns < 1000) setImmediate(turn);
    };
    setImmediate(turn);
    await runSolver(new TypescriptSolver(TINY, { seed: 1 }), { batchSteps: 4 });
    expect(turns).toBeGreaterThanOrEqual(9);
    turns = 1000;
  });
});
