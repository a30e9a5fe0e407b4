import { RigError } from '../../protocol/common/errors.ts';
import { checkParameters, DEFAULT_PARAMETERS, type SolverParameters } from '../../kernels/spectral/parameters.ts';
import type { BreedingSettings } from './breeding.ts';
import { LAMBDA_FALSIFIABILITY } from './fitness.ts';
import { checkBounds, DEFAULT_BOUNDS, geneNames, type GeneName } from './genes.ts';

/** What stays the same over a whole hunt. It is kept in the hunt's journal. */
export interface HuntSettings extends BreedingSettings {
  /** Of everything that is drawn at random. */
  readonly seed: number;
  /** Jobs of a generation. */
  readonly population_size: number;
  /** Weight of the falsifiability term of the fitness. */
  readonly lambda_falsifiability: number;
  /** Surrogates of each null test. */
  readonly surrogates: number;
  /** Fresh seeds on which a champion has to prove itself before it is golden. */
  readonly golden_seeds: number;
  /** Of every run; what is searched takes its value from the genes. */
  readonly parameters: SolverParameters;
}

export const DEFAULT_HUNT: HuntSettings = {
  seed: 1,
  population_size: 10,
  crossover_rate: 0.9,
  mutation_rate: 0.3,
  mutation_strength: 0.1,
  lambda_falsifiability: LAMBDA_FALSIFIABILITY,
  surrogates: 32,
  golden_seeds: 5,
  bounds: DEFAULT_BOUNDS,
  parameters: DEFAULT_PARAMETERS,
};

export const MOST_JOBS = 1000;
export const MOST_GENERATIONS = 1_000_000;

/** @throws RigError E_HUNT_SETTINGS or E_SOLVER_ARGUMENT that names the field */
export function checkSettings(s: HuntSettings): void {
  whole('seed', s.seed, 0, 2 ** 32 - 1);
  whole('population_size', s.population_size, 1, MOST_JOBS);
  whole('surrogates', s.surrogates, 1, MOST_JOBS);
  whole('golden_seeds', s.golden_seeds, 0, 100);
  checkRates(s);
  if (!(s.lambda_falsifiability >= 0 && s.lambda_falsifiability <= 10)) throw wrong('lambda_falsifiability', s.lambda_falsifiability, 'must be a number from 0 to 10');
  checkBounds(s.bounds);
  // Each range is checked above; what is left is the saturation, which is least where one of these ends meets another.
  const ends = (gene: GeneName): number[] => (s.bounds[gene] === undefined ? [s.parameters[gene]] : [s.bounds[gene].min, s.bounds[gene].max]);
  const others = Object.fromEntries(geneNames(s.bounds).map((gene) => [gene, s.bounds[gene]!.min]));
  for (const sncgl_lambda of ends('sncgl_lambda')) for (const sncgl_b3 of ends('sncgl_b3')) checkParameters({ ...s.parameters, ...others, sncgl_lambda, sncgl_b3 });
}

/** Of a hunt, or of what it is steered to. */
export function checkRates(rates: Partial<Pick<HuntSettings, 'crossover_rate' | 'mutation_rate' | 'mutation_strength'>>): void {
  for (const field of ['crossover_rate', 'mutation_rate', 'mutation_strength'] as const) {
    const value = rates[field];
    if (value !== undefined && !(value >= 0 && value <= 1)) throw wrong(field, value, 'must be a number from 0 to 1');
  }
}

export function whole(field: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) throw wrong(field, value, `must be a whole number from ${low} to ${high}`);
}

const wrong = (field: string, value: unknown, rule: string): RigError => new RigError('E_HUNT_SETTINGS', `${field}: ${rule} (it is ${String(value)})`, { context: { field, value } });
