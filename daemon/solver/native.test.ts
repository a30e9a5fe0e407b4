import { describe, expect, it } from 'vitest';
import type { SpectralHandle } from '../../kernels/spectral/addon.ts';
import { findSpectralAddon } from '../../kernels/spectral/find.ts';
import { newField } from './complex-field.ts';
import { convergenceOrders, distance } from './convergence.ts';
import { NativeSolver } from './native.ts';
import { SDG_SOLVERS, type SolverParameters } from '../../kernels/spectral/parameters.ts';
import { TypescriptSolver } from './reference.ts';
import { SMALL } from './solver.fixture.ts';

const { addon } = findSpectralAddon();
const kernels = addon === null ? [] : addon.spectralKernels().filter(({ features }) => (features & ~addon.cpuFeatures()) === 0);

/** References by their parameters: each is needed once for every kernel. */
const references = new Map<string, TypescriptSolver>();
function reference(parameters: SolverParameters, steps: number): TypescriptSolver {
  const key = JSON.stringify([parameters, steps]);
  let solver = references.get(key);
  if (!solver) {
    solver = new TypescriptSolver(parameters, { seed: 5 });
    solver.step(steps);
    references.set(key, solver);
  }
  return solver;
}

describe.skipIf(addon === null)('the native addon', { timeout: 60_000 }, () => {
  it('has a kernel for this processor', () => expect(kernels.length).toBeGreaterThan(0));

  it('refuses what would not fit', () => {
    const native = addon!;
    const kernel = kernels[0]!.name;
    const table = (length: number) => new Float64Array(length);
    const good = (points: number) => [...Array.from({ length: 4 }, () => table(16)), ...Array.from({ length: 17 }, () => table(points))];
    const open = (n: number, dim: number, numbers: unknown, tables: unknown, source: unknown = false, name: unknown = kernel) => (native.spectralOpen as (...args: unknown[]) => SpectralHandle)(name, n, dim, numbers, tables, source);
    const numbers = table(15);
    expect(() => open(16, 2, numbers, good(256), false, 'sse9')).toThrow('no such kernel');
    expect(() => open(16, 2, numbers, good(256), false, 7)).toThrow('kernel must be a string');
    for (const n of [0, 8, 24, 512, 16.5, NaN, -16]) expect(() => open(n, 2, numbers, good(256))).toThrow('n must be');
    expect(() => open(128, 3, numbers, good(256))).toThrow('n must be');
    expect(() => open(16, 4, numbers, good(256))).toThrow('dim must be');
    for (const wrong of [table(14), new Float32Array(15), [1], null]) expect(() => open(16, 2, wrong, good(256))).toThrow('numbers must be');
    for (const wrong of [[], good(255), good(256).slice(1), [...good(256), table(256)], good(256).with(2, new Float32Array(16) as never), 'tables', { length: 21 }]) expect(() => open(16, 2, numbers, wrong)).toThrow('tables must be');
    expect(() => open(16, 2, numbers, good(256), true)).toThrow('tables must be');
    expect(() => open(16, 2, numbers, good(256), 1)).toThrow('withSource must be');
    expect(() => (native.spectralOpen as unknown as () => void)()).toThrow('too few arguments');

    const handle = open(16, 2, numbers, good(256));
    for (const count of [-1, 1.5, NaN, 1e10, '1']) expect(() => native.spectralStep(handle, count as number)).toThrow('count must be');
    for (const which of [-1, 4, 0.5]) expect(() => native.spectralRead(handle, which, table(256))).toThrow('which must be');
    for (const out of [table(255), new Float32Array(256), null]) expect(() => native.spectralRead(handle, 0, out as Float64Array)).toThrow('out must be');
    for (const wrong of [{}, null, 1, Object.create(handle)]) expect(() => native.spectralStep(wrong as SpectralHandle, 1)).toThrow('not an open solver');
    native.spectralClose(handle);
    native.spectralClose(handle);
    expect(() => native.spectralStep(handle, 1)).toThrow('not an open solver');
    expect(() => native.spectralRead(handle, 0, table(256))).toThrow('not an open solver');
  });
});

describe.skipIf(addon === null).each(kernels.map(({ name }) => name))('the %s kernel', { timeout: 60_000 }, (name) => {
  const make = (parameters: SolverParameters, start: ConstructorParameters<typeof NativeSolver>[3]) => new NativeSolver(addon!, name, parameters, start);
  const agreement = (parameters: SolverParameters, steps: number): void => {
    const wanted = reference(parameters, steps);
    const solver = make(parameters, { seed: 5 });
    solver.step(steps);
    expect(distance(solver.spectrum(), wanted.spectrum())).toBeLessThan(1e-10);
    expect(distance({ re: solver.omegaSquared(), im: solver.densityRatio() }, { re: wanted.omegaSquared(), im: wanted.densityRatio() })).toBeLessThan(1e-10);
    solver.close();
  };

  it.each([16, 32])('agrees with the reference over 100 steps at N = %i', (N_grid) => agreement({ ...SMALL, N_grid }, 100));

  it.each(SDG_SOLVERS)('agrees with the reference for the geometry %s', (sdg_solver) => agreement({ ...SMALL, N_grid: 16, sdg_solver, sdg_rho_vac: 0.01, sdg_alpha: 1.7 }, 100));

  it('agrees with the reference in three dimensions', () => agreement({ ...SMALL, N_grid: 16, dim: 3, L_domain: 10 }, 10));

  it('agrees with the reference under a template', () => {
    const source = newField(1024);
    for (let i = 0; i < 1024; i++) [source.re[i], source.im[i]] = [0.1 * Math.cos(i / 7), 0.05 * Math.sin(i / 3)];
    const pair = [new TypescriptSolver(SMALL, { seed: 2, source }), make(SMALL, { seed: 2, source })];
    pair.forEach((solver) => solver.step(30));
    expect(distance(pair[1]!.field(), pair[0]!.field())).toBeLessThan(1e-12);
  });

  it('keeps space flat, bit for bit, without coupling', () => {
    const solver = make({ ...SMALL, sdg_alpha: 0 }, { seed: 1 });
    expect(solver.omegaSquared().every((value) => value === 1)).toBe(true);
    solver.step(20);
    expect(solver.omegaSquared().every((value) => value === 1)).toBe(true);
  });

  it('is of fourth order', () => {
    expect(convergenceOrders(make, { ...SMALL, sdg_alpha: 0 }).at(-1)).toBeGreaterThan(3.8);
    expect(convergenceOrders(make, SMALL).at(-1)).toBeGreaterThan(3.5);
  });

  it('gives the same bytes however its steps are counted', () => {
    const [a, b] = [make(SMALL, { seed: 9 }), make(SMALL, { seed: 9 })];
    a.step(30);
    for (let i = 0; i < 10; i++) b.step(3);
    expect(Buffer.from(a.field().re.buffer).equals(Buffer.from(b.field().re.buffer))).toBe(true);
    expect([a.steps, b.steps]).toEqual([30, 30]);
    a.close();
    a.close();
    expect(() => a.step(1)).toThrow('closed');
    expect(() => a.field()).toThrow('closed');
  });

  it('spreads what is not finite, and tells it', () => {
    const solver = make(SMALL, { seed: 1, field: { re: newField(1024).re.fill(1e200), im: newField(1024).im } });
    solver.step(5);
    expect(solver.spectrum().re.some((value) => !Number.isFinite(value))).toBe(true);
  });
});
