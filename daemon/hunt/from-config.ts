/** What the configuration says of hunts, as a hunt takes it. */
import type { RigConfig } from '../../config/schema.ts';
import { DEFAULT_PARAMETERS } from '../../kernels/spectral/parameters.ts';
import { RigError, type ErrorCode } from '../../protocol/common/errors.ts';
import type { StartHunt } from './control.ts';
import { DEFAULT_BOUNDS, type BoundsTable } from './genes.ts';
import { checkSettings, MOST_GENERATIONS, whole, type HuntSettings } from './settings.ts';

export interface HuntPlan {
  readonly settings: HuntSettings;
  /** Generations in all. */
  readonly generations: number;
}

type HuntPart = Pick<RigConfig, 'hunt' | 'simulation'>;

/** What a hunt is that is started without a word. @param seed of everything drawn at random */
export function configuredPlan({ hunt, simulation }: HuntPart, seed: number): HuntPlan {
  return {
    generations: hunt.generations,
    settings: {
      seed,
      population_size: hunt.population,
      crossover_rate: hunt.crossover_rate,
      mutation_rate: hunt.mutation_rate,
      mutation_strength: hunt.mutation_strength,
      lambda_falsifiability: hunt.lambda_falsifiability,
      surrogates: hunt.surrogates,
      golden_seeds: hunt.golden_seeds,
      bounds: (hunt.bounds as BoundsTable | undefined) ?? DEFAULT_BOUNDS,
      parameters: simulation,
    },
  };
}

/** The configured hunt with what a person wants otherwise. @param drawSeed for a hunt that is given none @throws RigError E_HUNT_SETTINGS, E_SOLVER_ARGUMENT that names the field */
export function planOf(config: HuntPart, request: StartHunt, drawSeed: () => number): HuntPlan {
  for (const name of Object.keys(request.simulation ?? {})) {
    if (!Object.hasOwn(DEFAULT_PARAMETERS, name)) throw new RigError('E_HUNT_SETTINGS', `simulation.${name}: the simulation has no such parameter`, { context: { field: `simulation.${name}` } });
  }
  const { settings, generations } = configuredPlan(config, request.seed ?? drawSeed());
  const plan: HuntPlan = {
    generations: request.generations ?? generations,
    settings: {
      ...settings,
      population_size: request.population ?? settings.population_size,
      golden_seeds: request.golden_seeds ?? settings.golden_seeds,
      bounds: request.bounds ?? settings.bounds,
      parameters: { ...settings.parameters, ...request.simulation },
    },
  };
  whole('num_generations', plan.generations, 1, MOST_GENERATIONS);
  checkSettings(plan.settings);
  return plan;
}

export interface HuntConfigProblem {
  readonly path: readonly string[];
  readonly reason: string;
  readonly code: ErrorCode;
}

/** What the schema of each key cannot see: ranges against each other and against what the solver takes. */
export function huntConfigProblems(config: HuntPart): HuntConfigProblem[] {
  const problems: HuntConfigProblem[] = [];
  if (config.hunt.engine === 'bullmq' && config.hunt.redis === undefined) problems.push({ path: ['hunt', 'engine'], reason: 'bullmq needs hunt.redis with the address of a Redis server', code: 'E_HUNT_QUEUE' });
  try {
    checkSettings(configuredPlan(config, 0).settings);
  } catch (error) {
    if (!(error instanceof RigError)) throw error;
    problems.push({ path: placeOf(error, config), reason: error.message.replace(/^[\w.]+: /, ''), code: error.code });
  }
  return problems;
}

/** Where the field stands that an error of the settings names. */
function placeOf({ context }: RigError, { hunt }: HuntPart): readonly string[] {
  const field = typeof context.field === 'string' ? context.field : '';
  if (field.startsWith('bounds')) return ['hunt', ...field.split('.')];
  const own = field === 'population_size' ? 'population' : field;
  if (Object.hasOwn(hunt, own)) return ['hunt', own];
  // A value that is searched comes from its range, not from simulation.
  if (Object.hasOwn(hunt.bounds ?? {}, own)) return ['hunt', 'bounds', own];
  return own === '' ? ['simulation'] : ['simulation', own];
}
