/** Which solvers this machine has: the C kernels that pass their self-test, and the reference, which is always there. */
import type { Addon } from '../../kernels/native/addon.ts';
import { findSpectralAddon } from '../../kernels/spectral/find.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { SncglSolver, SolverStart } from './contract.ts';
import { NativeSolver } from './native.ts';
import { DEFAULT_PARAMETERS, type SolverParameters } from '../../kernels/spectral/parameters.ts';
import { TypescriptSolver } from './reference.ts';

/** How a kernel may differ from the reference, relative, after the few steps of the self-test. */
const TOLERANCE = 1e-10;
const TEST_STEPS = 3;
/** Between them they go through every path of a kernel. */
const TESTS: readonly SolverParameters[] = [
  { ...DEFAULT_PARAMETERS, N_grid: 16, initial: 'gaussian' },
  { ...DEFAULT_PARAMETERS, N_grid: 16, dim: 3, sdg_solver: 'algebraic', sdg_rho_vac: 0.001 },
];

export interface CreateOptions {
  /** `auto`, `native`, `typescript`, or the name of a C kernel. Default: `auto`. */
  readonly kernel?: string;
  /** Told why a faster kernel is not used. */
  readonly tell?: (words: string) => void;
  /** The native addon; null = none. Default: this installation's. */
  readonly addon?: Addon | null;
}

/** Names of the C kernels that this processor can run and that are right, fastest first, and why others are not among them. */
export function solverKernels(addon: Addon | null = defaultAddon().addon): { readonly kernels: readonly string[]; readonly problems: readonly string[] } {
  if (addon === null) return { kernels: [], problems: defaultAddon().problems };
  const problems: string[] = [];
  const kernels = addon.spectralKernels().filter((kernel) => {
    const problem = problemOf(addon, kernel.name);
    if (problem !== null) problems.push(problem);
    return problem === null;
  });
  return { kernels: kernels.map(({ name }) => name), problems };
}

/**
 * A solver on the fastest kernel there is, or on the one asked for.
 * @throws RigError E_SOLVER_ARGUMENT when a parameter is out of its range or the kernel asked for cannot be used
 */
export function createSolver(parameters: SolverParameters, start: SolverStart, { kernel = 'auto', tell, addon = defaultAddon().addon }: CreateOptions = {}): SncglSolver {
  if (kernel === 'typescript') return new TypescriptSolver(parameters, start);
  const problems: string[] = [];
  if (addon === null) problems.push(...defaultAddon().problems);
  for (const { name } of addon?.spectralKernels() ?? []) {
    if (kernel !== 'auto' && kernel !== 'native' && kernel !== name) continue;
    const problem = problemOf(addon!, name);
    if (problem === null) {
      problems.forEach((words) => tell?.(words));
      return new NativeSolver(addon!, name, parameters, start);
    }
    problems.push(problem);
  }
  if (kernel !== 'auto') {
    const known = addon?.spectralKernels().map(({ name }) => name) ?? [];
    throw new RigError('E_SOLVER_ARGUMENT', `kernel: ${kernel} cannot be used here${problems.length > 0 ? ` (${problems.join('; ')})` : ''}`, { context: { field: 'kernel' }, hint: `Use one of auto, native, typescript${known.map((name) => `, ${name}`).join('')}.` });
  }
  tell?.(`the solver runs in TypeScript, which is many times slower: ${problems.join('; ')}`);
  return new TypescriptSolver(parameters, start);
}

let found: ReturnType<typeof findSpectralAddon> | null = null;
function defaultAddon(): ReturnType<typeof findSpectralAddon> {
  return (found ??= findSpectralAddon());
}

/** A kernel that was right once in this process stays so. */
const results = new WeakMap<Addon, Map<string, string | null>>();

function problemOf(addon: Addon, name: string): string | null {
  const known = results.get(addon) ?? new Map<string, string | null>();
  results.set(addon, known);
  let problem = known.get(name);
  if (problem === undefined) {
    problem = test(addon, name);
    known.set(name, problem);
  }
  return problem;
}

function test(addon: Addon, name: string): string | null {
  const entry = addon.spectralKernels().find((kernel) => kernel.name === name);
  if (entry === undefined || (entry.features & ~addon.cpuFeatures()) !== 0) return `${name}: this processor has no ${entry?.isa ?? name}`;
  for (const parameters of TESTS) {
    try {
      const difference = differenceOf(new NativeSolver(addon, name, parameters, { seed: 1 }), new TypescriptSolver(parameters, { seed: 1 }));
      if (!(difference <= TOLERANCE)) return `${name}: failed its self-test (differs by ${difference.toExponential(1)} in ${parameters.dim} dimensions)`;
    } catch (error) {
      return `${name}: ${messageOf(error)}`;
    }
  }
  return null;
}

/** Steps both and closes them. @returns greatest difference of field and geometry, relative to the greatest value */
function differenceOf(a: SncglSolver, b: SncglSolver): number {
  const [left, right] = [a, b].map((solver) => {
    solver.step(TEST_STEPS);
    const { re, im } = solver.field();
    const arrays = [re, im, solver.omegaSquared(), solver.densityRatio()];
    solver.close();
    return arrays;
  }) as [Float64Array[], Float64Array[]];
  let worst = 0;
  right.forEach((values, which) => {
    let greatest = 0;
    let difference = 0;
    values.forEach((value, i) => {
      greatest = Math.max(greatest, Math.abs(value));
      difference = Math.max(difference, Math.abs(left[which]![i]! - value));
    });
    // NaN must win: Math.max keeps it.
    worst = Math.max(worst, difference / greatest);
  });
  return worst;
}
