import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { solverKernels } from '../../solver/backends.ts';
import type { SolverReport } from '../bench/solver/bench.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { benchSolverCommand } from './bench-solver.ts';

const GLOBALS = { json: true, data: null, config: null };
const FLAGS = { rounds: 1, sliceMs: 1, python: 'python3' };
const GRIDS = [{ dim: 2, N: 16 }, { dim: 2, N: 32 }, { dim: 3, N: 16 }] as const;
const hasNumpy = spawnSync('python3', ['-c', 'import numpy'], { stdio: 'ignore' }).status === 0;

async function report(flags: Partial<typeof FLAGS> = {}): Promise<SolverReport> {
  const io = new FakeIo('/');
  expect(await benchSolverCommand(io, GLOBALS, { ...FLAGS, ...flags }, GRIDS)).toBe(0);
  expect(io.stderr).toBe('');
  return JSON.parse(io.stdout) as SolverReport;
}

describe('bench solver', { timeout: 60_000 }, () => {
  it('measures every code on every grid', async () => {
    const { kernels } = solverKernels();
    const result = await report();
    expect(result.convergence_order.flat).toBeGreaterThan(3.8);
    expect(result.convergence_order.coupled).toBeGreaterThan(3.5);
    const backends = [...kernels, 'typescript', ...(hasNumpy ? ['numpy'] : [])];
    expect(result.ms_per_step.map(({ dim, N, backend }) => `${dim} ${N} ${backend}`)).toEqual(GRIDS.flatMap(({ dim, N }) => backends.map((backend) => `${dim} ${N} ${backend}`)));
    for (const { ms, min, max } of result.ms_per_step) expect(min > 0 && min <= ms && ms <= max).toBe(true);
    expect(result.growth.map(({ from_N, to_N, backend, expected }) => ({ from_N, to_N, backend, expected }))).toEqual(backends.map((backend) => ({ from_N: 16, to_N: 32, backend, expected: 5 })));
    expect(result.ratio_to_typescript).toEqual(kernels.length > 0 ? expect.any(Number) : null);
  });

  it.skipIf(!hasNumpy)('times numpy only after it has come to the same field', async () => {
    const { numpy, ratio_to_numpy } = await report();
    expect(numpy).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+/) as string, reason: null });
    expect(numpy.difference).toBeLessThan(1e-12);
    expect(ratio_to_numpy).toEqual(solverKernels().kernels.length > 0 ? expect.any(Number) : null);
  });

  it('says why there is no numpy', async () => {
    const result = await report({ python: '/nonexistent/python3' });
    expect(result).toMatchObject({ ratio_to_numpy: null, numpy: { version: null, difference: null, reason: expect.stringContaining('/nonexistent/python3 cannot be started') as string } });
  });

  it('prints a table for a person', async () => {
    const io = new FakeIo('/');
    await benchSolverCommand(io, { ...GLOBALS, json: false }, { ...FLAGS, python: '/nonexistent/python3' }, GRIDS.slice(0, 2));
    expect(io.stdout).toMatch(/^grid +backend +N +ms\/step +min-max +over N\^d log N$/m);
    expect(io.stdout).toMatch(/^2-D +typescript +32 +\d+\.\d{3} +\d+\.\d{3}-\d+\.\d{3} +[+-]?\d+ %$/m);
    expect(io.stdout).toMatch(/^order of the scheme +[34]\.\d+ in flat space, [34]\.\d+ with geometry$/m);
    expect(io.stderr).toContain('2-D, N = 32');
  });
});
