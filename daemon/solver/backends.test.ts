import { describe, expect, it } from 'vitest';
import type { Addon } from '../../kernels/native/addon.ts';
import { findSpectralAddon } from '../../kernels/spectral/find.ts';
import { createSolver, solverKernels } from './backends.ts';
import { SMALL } from './solver.fixture.ts';

const { addon } = findSpectralAddon();
const START = { seed: 1 };

/** The addon with some of its functions replaced. */
const changed = (change: Partial<Addon>): Addon => ({ ...addon!, ...change });

describe('createSolver', { timeout: 60_000 }, () => {
  it('runs the reference when it is asked for, or when there is nothing else, and says so', () => {
    const told: string[] = [];
    expect(createSolver(SMALL, START, { kernel: 'typescript' })).toMatchObject({ backend: 'typescript', kernel: 'typescript' });
    expect(createSolver(SMALL, START, { addon: null, tell: (words) => told.push(words) }).backend).toBe('typescript');
    expect(told).toEqual([expect.stringContaining('in TypeScript')]);
    expect(() => createSolver(SMALL, START, { addon: null, kernel: 'native' })).toThrow('kernel: native cannot be used here');
  });

  it('names a kernel nobody has, and a parameter out of its range', () => {
    expect(() => createSolver(SMALL, START, { kernel: 'sse9' })).toThrow('kernel: sse9 cannot be used here');
    expect(() => createSolver({ ...SMALL, dt: 0 }, START)).toThrow('dt: must be a number');
  });
});

describe.skipIf(addon === null)('createSolver with the native addon', { timeout: 60_000 }, () => {
  it('takes the fastest kernel, or the one asked for', () => {
    const { kernels, problems } = solverKernels();
    expect(kernels.length + problems.length).toBe(addon!.spectralKernels().length);
    for (const kernel of ['auto', 'native']) expect(createSolver(SMALL, START, { kernel })).toMatchObject({ backend: 'native', kernel: kernels[0] });
    for (const kernel of kernels) expect(createSolver(SMALL, START, { kernel }).kernel).toBe(kernel);
  });

  it('passes over a kernel that is wrong', () => {
    const [first, second] = addon!.spectralKernels().map(({ name }) => name);
    const wrong = changed({
      spectralOpen: (kernel, n, dim, numbers, tables, withSource) => {
        // One coefficient of the first kernel a millionth off.
        if (kernel === first) tables[8]![1]! *= 1 + 1e-6;
        return addon!.spectralOpen(kernel, n, dim, numbers, tables, withSource);
      },
    });
    const told: string[] = [];
    const solver = createSolver(SMALL, START, { addon: wrong, tell: (words) => told.push(words) });
    expect(told).toEqual([expect.stringContaining(`${first}: failed its self-test (differs by`)]);
    expect(solver.kernel).toBe(second ?? 'typescript');
    expect(() => createSolver(SMALL, START, { addon: wrong, kernel: first! })).toThrow('failed its self-test');
  });

  it('passes over kernels this processor cannot run', () => {
    const none = changed({ cpuFeatures: () => 0 });
    expect(solverKernels(none).kernels).toEqual(addon!.spectralKernels().filter(({ features }) => features === 0).map(({ name }) => name));
    expect(solverKernels(none).problems.join()).toContain('this processor has no');
  });
});
