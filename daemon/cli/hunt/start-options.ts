/** What `rigbrain hunt start` and `steer` are given, as a hunt takes it. Ranges are the hunt's own to check; spelling is checked here. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readYaml } from '../../../config/yaml-source.ts';
import { suggest } from '../../../config/suggest.ts';
import { DEFAULT_PARAMETERS, type SolverParameters } from '../../../kernels/spectral/parameters.ts';
import { messageOf, RigError } from '../../../protocol/common/errors.ts';
import type { StartHunt } from '../../hunt/control.ts';
import { checkBounds, type BoundsTable, type GeneBounds, type GeneName, type Genes } from '../../hunt/genes.ts';
import type { Steering } from '../../hunt/hunter.ts';

export interface StartFlags {
  readonly generations?: number;
  readonly population?: number;
  readonly seed?: number;
  /** `key=value` each. */
  readonly set?: readonly string[];
  /** A file, or `gene=min:max[:log]` each. */
  readonly bounds?: readonly string[];
  readonly goldenSeeds?: number;
}

/** @param cwd what file names are relative to @throws RigError E_HUNT_SETTINGS that names the option */
export function startRequest(flags: StartFlags, cwd: string): StartHunt {
  const { generations, population, seed, set = [], bounds = [], goldenSeeds } = flags;
  return {
    ...(generations !== undefined && { generations }),
    ...(population !== undefined && { population }),
    ...(seed !== undefined && { seed }),
    ...(goldenSeeds !== undefined && { golden_seeds: goldenSeeds }),
    ...(set.length > 0 && { simulation: simulationOf(set) }),
    ...(bounds.length > 0 && { bounds: boundsOf(bounds, cwd) }),
  };
}

/** `N_grid=32`, `sdg_solver=poisson` ... @throws RigError E_HUNT_SETTINGS */
export function simulationOf(assignments: readonly string[]): Partial<SolverParameters> {
  const names = Object.keys(DEFAULT_PARAMETERS) as (keyof SolverParameters)[];
  return Object.fromEntries(
    assignments.map((text) => {
      const [key, value] = assignment('--set', text, 'N_grid=32');
      const name = names.find((one) => one === key);
      if (name === undefined) throw wrong('--set', `the simulation has no parameter ${key}${nearest(key, names)}`);
      return [name, typeof DEFAULT_PARAMETERS[name] === 'number' ? number(`--set ${key}`, value) : value];
    }),
  );
}

/** Later ones win. @throws RigError E_HUNT_SETTINGS */
export function boundsOf(given: readonly string[], cwd: string): BoundsTable {
  const table: Record<string, GeneBounds> = {};
  for (const text of given) {
    if (text.includes('=')) {
      const [gene, range] = assignment('--bounds', text, 'sdg_alpha=1:2');
      const [min, max, scale, ...rest] = range.split(':');
      if (max === undefined || rest.length > 0) throw wrong('--bounds', `${text}: must be gene=min:max, or gene=min:max:log`);
      table[gene] = { min: number(`--bounds ${gene}`, min!), max: number(`--bounds ${gene}`, max), scale: (scale ?? 'linear') as GeneBounds['scale'] };
    } else Object.assign(table, boundsFile(path.resolve(cwd, text)));
  }
  checkBounds(table);
  return table;
}

/** YAML or JSON: `gene: {min, max, scale}`, or a list `[min, max]` or `[min, max, log]`. */
function boundsFile(file: string): BoundsTable {
  const refuse = (why: string): RigError => wrong('--bounds', `${file}: ${why}`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw refuse(messageOf(error));
  }
  const { value, problems, origins } = readYaml(text, path.basename(file));
  const at = (key: string): string => {
    const origin = origins.get(key);
    return origin?.kind === 'file' ? `line ${origin.line}: ` : '';
  };
  const [problem] = problems;
  if (problem !== undefined) throw refuse(`${problem.origin.kind === 'file' ? `line ${problem.origin.line}: ` : ''}${problem.reason}`);
  return Object.fromEntries(
    Object.entries(value).map(([gene, given]): [string, GeneBounds] => {
      const { min, max, scale = 'linear', ...rest } = (Array.isArray(given) ? { min: given[0] as unknown, max: given[1] as unknown, scale: given[2] as unknown, ...given.slice(3) } : typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>;
      if (typeof min !== 'number' || typeof max !== 'number' || Object.keys(rest).length > 0) throw refuse(`${at(gene)}${gene}: must be {min: 1, max: 2} or {min: 1, max: 2, scale: log}`);
      return [gene, { min, max, scale: scale as GeneBounds['scale'] }];
    }),
  );
}

export interface SteerFlags {
  readonly crossoverRate?: number;
  readonly mutationRate?: number;
  readonly mutationStrength?: number;
  /** `gene=value,gene=value` each. */
  readonly inject?: readonly string[];
}

/** @throws RigError E_HUNT_SETTINGS, also when nothing is changed */
export function steeringOf({ crossoverRate, mutationRate, mutationStrength, inject = [] }: SteerFlags): Steering {
  const steering: Steering = {
    ...(crossoverRate !== undefined && { crossover_rate: crossoverRate }),
    ...(mutationRate !== undefined && { mutation_rate: mutationRate }),
    ...(mutationStrength !== undefined && { mutation_strength: mutationStrength }),
    ...(inject.length > 0 && { inject: inject.map(genesOf) }),
  };
  if (Object.keys(steering).length === 0) throw wrong('steer', 'nothing is to be changed: give --crossover-rate, --mutation-rate, --mutation-strength or --inject');
  return steering;
}

function genesOf(text: string): Genes {
  return Object.fromEntries(
    text.split(',').map((part): [GeneName, number] => {
      const [gene, value] = assignment('--inject', part, 'sdg_alpha=1.5');
      return [gene as GeneName, number(`--inject ${gene}`, value)];
    }),
  );
}

function assignment(option: string, text: string, example: string): [key: string, value: string] {
  const equals = text.indexOf('=');
  if (equals < 1 || equals === text.length - 1) throw wrong(option, `${text}: must look like ${example}`);
  return [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
}

function number(where: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw wrong(where, `"${text}" is not a number`);
  return value;
}

export const nearest = (word: string, known: Iterable<string>): string => {
  const near = suggest(word, known);
  return near === null ? '' : ` (did you mean ${near}?)`;
};

const wrong = (option: string, why: string): RigError => new RigError('E_HUNT_SETTINGS', `${option}: ${why}`, { context: { field: option } });
