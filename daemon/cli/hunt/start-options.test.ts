import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startRequest, steeringOf } from './start-options.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-hunt-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const refusal = (words: string) => expect.objectContaining({ code: 'E_HUNT_SETTINGS', message: expect.stringContaining(words) });

describe('what a hunt is started with', () => {
  it('is nothing when nothing is given: the configuration then decides', () => {
    expect(startRequest({}, dir)).toEqual({});
  });

  it('takes numbers, parameters and ranges', () => {
    expect(startRequest({ generations: 3, population: 4, seed: 0, goldenSeeds: 0, set: ['N_grid=32', 'dt=5e-2', 'sdg_solver=poisson'], bounds: ['sdg_alpha=1:2', 'sncgl_lambda=0.01:0.1:log'] }, dir)).toEqual({
      generations: 3,
      population: 4,
      seed: 0,
      golden_seeds: 0,
      simulation: { N_grid: 32, dt: 0.05, sdg_solver: 'poisson' },
      bounds: { sdg_alpha: { min: 1, max: 2, scale: 'linear' }, sncgl_lambda: { min: 0.01, max: 0.1, scale: 'log' } },
    });
  });

  it('takes ranges from a file, of which single ones may be changed', () => {
    writeFileSync(path.join(dir, 'bounds.yaml'), 'sdg_alpha: {min: 1, max: 2}\nsncgl_lambda: [0.01, 0.1, log]\n');
    writeFileSync(path.join(dir, 'bounds.json'), '{"sdg_eta": {"min": 0.2, "max": 0.4, "scale": "log"}}');
    expect(startRequest({ bounds: ['bounds.yaml', 'bounds.json', 'sdg_alpha=1.5:3'] }, dir).bounds).toEqual({ sdg_alpha: { min: 1.5, max: 3, scale: 'linear' }, sncgl_lambda: { min: 0.01, max: 0.1, scale: 'log' }, sdg_eta: { min: 0.2, max: 0.4, scale: 'log' } });
  });

  it('names what is wrong, and what may have been meant', () => {
    writeFileSync(path.join(dir, 'wrong.yaml'), 'sdg_eta: [0.1, 1]\nsdg_alpha: 2\n');
    const set = (text: string) => () => startRequest({ set: [text] }, dir);
    const bounds = (text: string) => () => startRequest({ bounds: [text] }, dir);
    expect(set('n_grid=32')).toThrow(refusal('the simulation has no parameter n_grid (did you mean N_grid?)'));
    expect(set('dt=fast')).toThrow(refusal('--set dt: "fast" is not a number'));
    expect(set('dt')).toThrow(refusal('--set: dt: must look like N_grid=32'));
    expect(bounds('sdg_alpha=1')).toThrow(refusal('must be gene=min:max'));
    expect(bounds('sdg_alpha=1:2:cubic')).toThrow(refusal('bounds.sdg_alpha: scale must be linear or log'));
    expect(bounds('sdg_alpha=2:1')).toThrow(refusal('bounds.sdg_alpha: must be a range within 0 to 10'));
    expect(bounds('sdg_alhpa=1:2')).toThrow(refusal('bounds.sdg_alhpa: there is no such parameter'));
    expect(bounds('gone.yaml')).toThrow(refusal('gone.yaml'));
    expect(bounds('wrong.yaml')).toThrow(refusal('line 2: sdg_alpha: must be {min: 1, max: 2}'));
  });
});

describe('what a hunt is steered by', () => {
  it('are rates and values to try', () => {
    expect(steeringOf({ crossoverRate: 0.5, mutationRate: 0, mutationStrength: 0.2, inject: ['sdg_alpha=1.5,sdg_eta=0.2', 'sdg_alpha=1.7'] })).toEqual({ crossover_rate: 0.5, mutation_rate: 0, mutation_strength: 0.2, inject: [{ sdg_alpha: 1.5, sdg_eta: 0.2 }, { sdg_alpha: 1.7 }] });
  });

  it('is something', () => {
    expect(() => steeringOf({})).toThrow(refusal('nothing is to be changed'));
    expect(() => steeringOf({ inject: ['sdg_alpha'] })).toThrow(refusal('--inject: sdg_alpha: must look like'));
  });
});
