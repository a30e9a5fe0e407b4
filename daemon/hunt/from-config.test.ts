import { describe, expect, test } from 'vitest';
import { configSchema } from '../../config/schema.ts';
import { DEFAULT_BOUNDS } from './genes.ts';
import { huntConfigProblems, planOf } from './from-config.ts';
import { DEFAULT_HUNT } from './settings.ts';

const parse = (over: object = {}): ReturnType<typeof configSchema.parse> => configSchema.parse(over);

test('the defaults of the configuration are those of a hunt', () => {
  expect(planOf(parse(), {}, () => 1)).toEqual({ generations: 10, settings: DEFAULT_HUNT });
  expect(huntConfigProblems(parse())).toEqual([]);
});

test('what a person asks for counts before what is configured, parameter by parameter', () => {
  const config = parse({ simulation: { N_grid: 32, dt: 0.1 }, hunt: { generations: 5, population: 6, mutation_rate: 0.5, bounds: { sdg_alpha: { min: 1, max: 2 } } } });
  const { generations, settings } = planOf(config, { population: 8, seed: 42, simulation: { dt: 0.05 }, golden_seeds: 0 }, () => 1);
  expect(generations).toBe(5);
  expect(settings).toMatchObject({ seed: 42, population_size: 8, golden_seeds: 0, mutation_rate: 0.5, bounds: { sdg_alpha: { min: 1, max: 2, scale: 'linear' } }, parameters: { N_grid: 32, dt: 0.05 } });
  expect(planOf(config, { bounds: DEFAULT_BOUNDS }, () => 1).settings.bounds).toEqual(DEFAULT_BOUNDS);
});

describe('a configuration no hunt could run with is told with the key', () => {
  test.each([
    ['hunt.bounds.sncgl_c3', { hunt: { bounds: { sncgl_c3: { min: 1, max: -1 } } } }, 'E_HUNT_SETTINGS', /within -10 to 10/],
    ['hunt.bounds.sdg_mass_sq', { hunt: { bounds: { sdg_mass_sq: { min: 0, max: 4, scale: 'log' } } } }, 'E_HUNT_SETTINGS', /range within/],
    ['hunt.bounds', { hunt: { bounds: {} } }, 'E_HUNT_SETTINGS', /no parameter is to be searched/],
    ['simulation.N_grid', { simulation: { N_grid: 128, dim: 3 } }, 'E_SOLVER_ARGUMENT', /in 3 dimensions/],
    ['simulation.sncgl_lambda', { simulation: { sncgl_lambda: 0, sncgl_g_nonlocal: 0 }, hunt: { bounds: { sdg_alpha: { min: 1, max: 2 } } } }, 'E_SOLVER_ARGUMENT', /must be above zero/],
    ['hunt.bounds.sncgl_lambda', { hunt: { bounds: { sncgl_lambda: { min: 0.01, max: 0.1 }, sncgl_b3: { min: -1, max: 1 } } } }, 'E_SOLVER_ARGUMENT', /must be above zero/],
    ['hunt.engine', { hunt: { engine: 'bullmq' } }, 'E_HUNT_QUEUE', /needs hunt\.redis/],
  ])('%s', (key, config, code, words) => {
    const problems = huntConfigProblems(parse(config));
    expect(problems.map(({ path, code }) => [path.join('.'), code])).toEqual([[key, code]]);
    expect(problems[0]!.reason).toMatch(words);
  });
});
