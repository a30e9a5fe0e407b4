/** What a step of the field solver costs, per grid and code, each on one thread and in turn; and of which order it is. */
import os from 'node:os';
import { median } from '../../../../bench/statistics.ts';
import { findSpectralAddon } from '../../../../kernels/spectral/find.ts';
import { messageOf } from '../../../../protocol/common/errors.ts';
import { createSolver, solverKernels } from '../../../solver/backends.ts';
import type { SncglSolver } from '../../../solver/contract.ts';
import { convergenceOrders } from '../../../solver/convergence.ts';
import { DEFAULT_PARAMETERS, type SolverParameters } from '../../../../kernels/spectral/parameters.ts';
import { startNumpy } from './numpy.ts';

export interface SolverCost {
  readonly dim: 2 | 3;
  readonly N: number;
  /** `typescript`, `numpy` or the name of a C kernel. */
  readonly backend: string;
  /** Processor time of the thread for a step, milliseconds, median of the rounds. */
  readonly ms: number;
  readonly min: number;
  readonly max: number;
}

/** How the cost of a step grows from the smallest grid of that dimension. */
export interface SolverGrowth {
  readonly dim: 2 | 3;
  readonly backend: string;
  readonly from_N: number;
  readonly to_N: number;
  readonly ratio: number;
  /** As N^d log N grows. */
  readonly expected: number;
  /** ratio / expected - 1 */
  readonly excess: number;
}

export interface SolverReport {
  /** Measured at the smallest steps, dt <= 0.0125. */
  readonly convergence_order: { readonly flat: number; readonly coupled: number };
  readonly ms_per_step: readonly SolverCost[];
  /** The fastest C kernel at the first grid: how many times faster than numpy and than TypeScript; null = not measured. */
  readonly ratio_to_numpy: number | null;
  readonly ratio_to_typescript: number | null;
  readonly growth: readonly SolverGrowth[];
  /** `difference` is that of numpy's field from ours at the first grid, relative; `reason` why it was not measured. */
  readonly numpy: { readonly version: string | null; readonly difference: number | null; readonly reason: string | null };
  /** Kernels that cannot be used here, and why. */
  readonly not_measured: readonly string[];
  readonly rounds: number;
  readonly cpu: string;
  readonly node: string;
  readonly load_1m: number;
}

export interface SolverBenchOptions {
  readonly rounds: number;
  /** How long a slice of a round is, at least a step. */
  readonly sliceMs: number;
  readonly grids: readonly { readonly dim: 2 | 3; readonly N: number }[];
  readonly python: string;
  readonly tell: (words: string) => void;
}

/** 2-D first: the ratios are those of the first grid. */
export const GRIDS = [
  { dim: 2, N: 64 },
  { dim: 2, N: 128 },
  { dim: 2, N: 256 },
  { dim: 3, N: 32 },
] as const;
const SEED = 1;
const CHECK_STEPS = 10;

/** Something that makes steps and tells how much processor time its thread took, milliseconds. */
interface Contender {
  readonly backend: string;
  run(steps: number): Promise<number> | number;
  close(): void;
}

export async function benchSolver(options: SolverBenchOptions): Promise<SolverReport> {
  const { kernels, problems } = solverKernels();
  const { tell } = options;
  tell('the order of the scheme');
  const order = (sdg_alpha: number): number => round(convergenceOrders((parameters, start) => createSolver(parameters, start), { ...DEFAULT_PARAMETERS, N_grid: 32, sdg_alpha }).at(-1)!, 2);
  const convergence_order = { flat: order(0), coupled: order(DEFAULT_PARAMETERS.sdg_alpha) };
  const costs: SolverCost[] = [];
  let numpy: SolverReport['numpy'] = { version: null, difference: null, reason: null };
  for (const { dim, N } of options.grids) {
    tell(`${dim}-D, N = ${N}`);
    const parameters: SolverParameters = { ...DEFAULT_PARAMETERS, dim, N_grid: N };
    const contenders: Contender[] = [...kernels, 'typescript'].map((kernel) => ours(kernel, createSolver(parameters, { seed: SEED }, { kernel })));
    try {
      if (numpy.reason === null) {
        const [contender, about] = await numpyContender(options.python, parameters);
        if (contender) contenders.push(contender);
        numpy = numpy.version === null || about.reason !== null ? about : numpy;
      }
      costs.push(...(await inTurn(contenders, options)).map((cost) => ({ dim, N, ...cost })));
    } finally {
      contenders.forEach((contender) => contender.close());
    }
  }
  const first = (backend: string | undefined): number | null => costs.find((cost) => cost.N === options.grids[0]!.N && cost.dim === options.grids[0]!.dim && cost.backend === backend)?.ms ?? null;
  const over = (backend: string): number | null => {
    const [theirs, own] = [first(backend), first(kernels[0])];
    return theirs === null || own === null ? null : round(theirs / own, 2);
  };
  return {
    convergence_order,
    ms_per_step: costs,
    ratio_to_numpy: over('numpy'),
    ratio_to_typescript: over('typescript'),
    growth: growthOf(costs),
    numpy,
    not_measured: problems,
    rounds: options.rounds,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    node: process.version,
    load_1m: round(os.loadavg()[0]!, 2),
  };
}

/** Processor time where it can be had: on a machine that does other things, time on the wall is theirs, too. */
function threadMs(): number {
  const { addon } = findSpectralAddon();
  return addon === null ? performance.now() : addon.threadCpuNs() / 1e6;
}

function ours(backend: string, solver: SncglSolver): Contender {
  return {
    backend,
    run: (steps) => {
      const from = threadMs();
      solver.step(steps);
      return threadMs() - from;
    },
    close: () => solver.close(),
  };
}

async function numpyContender(python: string, parameters: SolverParameters): Promise<[Contender | null, SolverReport['numpy']]> {
  const solver = createSolver(parameters, { seed: SEED });
  try {
    const field = solver.field();
    solver.step(CHECK_STEPS);
    const numpy = await startNumpy(python, parameters, field, solver.spectrum(), CHECK_STEPS);
    return [{ backend: 'numpy', run: async (steps) => (await numpy.step(steps)) * 1000, close: () => numpy.close() }, { version: numpy.version, difference: numpy.difference, reason: null }];
  } catch (error) {
    return [null, { version: null, difference: null, reason: messageOf(error) }];
  } finally {
    solver.close();
  }
}

/** Rounds of one slice each, so that a busy moment hits all of them. */
async function inTurn(contenders: readonly Contender[], { rounds, sliceMs }: SolverBenchOptions): Promise<Omit<SolverCost, 'dim' | 'N'>[]> {
  const slices: number[] = [];
  for (const contender of contenders) {
    await contender.run(2);
    slices.push(Math.max(1, Math.round(sliceMs / Math.max(0.01, (await contender.run(2)) / 2))));
  }
  const times = contenders.map((): number[] => []);
  for (let turn = 0; turn < rounds; turn++) for (const [i, contender] of contenders.entries()) times[i]!.push((await contender.run(slices[i]!)) / slices[i]!);
  return contenders.map(({ backend }, i) => ({ backend, ms: round(median(times[i]!), 4), min: round(Math.min(...times[i]!), 4), max: round(Math.max(...times[i]!), 4) }));
}

function growthOf(costs: readonly SolverCost[]): SolverGrowth[] {
  return costs.flatMap((cost) => {
    const from = costs.find(({ dim, backend }) => dim === cost.dim && backend === cost.backend)!;
    if (from === cost) return [];
    const work = ({ N, dim }: SolverCost): number => N ** dim * Math.log2(N);
    const [ratio, expected] = [cost.ms / from.ms, work(cost) / work(from)];
    return [{ dim: cost.dim, backend: cost.backend, from_N: from.N, to_N: cost.N, ratio: round(ratio, 2), expected: round(expected, 2), excess: round(ratio / expected - 1, 3) }];
  });
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
