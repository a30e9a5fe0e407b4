import { expect, test } from 'vitest';
import { startHuntBody } from '../../daemon/hub/schemas.ts';
import { DEFAULT_BOUNDS } from '../../daemon/hunt/genes.ts';
import { requestOf, SUGGESTED_BOUNDS, suggestedRows } from './start-request.ts';

test('an empty form leaves everything to the configuration', () => {
  expect(requestOf({ values: { seed: ' ' }, bounds: null })).toEqual({ request: {}, problem: null });
});

test('what is filled in is asked for, and the hub takes it', () => {
  const { request } = requestOf({ values: { num_generations: '3', population_size: ' 4 ', seed: '0', golden_seeds: '0', N_grid: '32', dt: '0,025', T_steps: '1e3', sdg_solver: 'poisson' }, bounds: suggestedRows() });
  expect(request).toMatchObject({ num_generations: 3, population_size: 4, seed: 0, golden_seeds: 0, simulation: { N_grid: 32, dt: 0.025, T_steps: 1000, sdg_solver: 'poisson' } });
  expect(startHuntBody.parse(request)).toEqual(request);
});

test('what is wrong is told by its name, and nothing is asked', () => {
  const problem = (values: Record<string, string>): string | null => requestOf({ values, bounds: null }).problem;
  expect(problem({ num_generations: '0' })).toBe('Generations: must be a whole number from 1 to 100000');
  expect(problem({ population_size: '2.5' })).toMatch(/^Population: must be a whole number/);
  expect(problem({ dt: 'fast' })).toBe('Time step: must be a number from 0.000001 to 1');
});

test('bounds: only what is searched is sent, and a range has two ends', () => {
  const rows = suggestedRows();
  const only = rows.map((row) => ({ ...row, searched: row.name === 'sdg_alpha' }));
  expect(requestOf({ values: {}, bounds: only }).request).toEqual({ bounds: { sdg_alpha: { min: 1, max: 2, scale: 'linear' } } });
  expect(requestOf({ values: {}, bounds: rows.map((row) => ({ ...row, searched: false })) }).problem).toBe('Bounds: no parameter is searched');
  expect(requestOf({ values: {}, bounds: [{ ...rows[0]!, min: '1', max: '1' }] }).problem).toMatch(/^sncgl_epsilon: the least/);
  expect(requestOf({ values: {}, bounds: [{ ...rows[0]!, min: '0', scale: 'log' }] }).problem).toMatch(/logarithmic/);
});

test('the table that is offered is the one the daemon searches', () => {
  expect(SUGGESTED_BOUNDS).toEqual(DEFAULT_BOUNDS);
});
