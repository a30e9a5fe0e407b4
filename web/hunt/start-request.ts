/** The form of a new hunt: its fields, and what it asks the hub for. What is left empty is as configured on the rig. */
import type { StartHuntRequest } from '../../daemon/hub/api-types.ts';

export interface NumberField {
  readonly name: string;
  readonly label: string;
  readonly note: string;
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

const whole = (name: string, label: string, note: string, min: number, max: number): NumberField => ({ name, label, note, min, max, whole: true });
const real = (name: string, label: string, note: string, min: number, max: number): NumberField => ({ name, label, note, min, max, whole: false });

export const MAIN_FIELDS: readonly NumberField[] = [whole('num_generations', 'Generations', '10 unless configured', 1, 100_000), whole('population_size', 'Population', 'jobs of a generation', 1, 1000)];

export const SEED_FIELDS: readonly NumberField[] = [
  whole('seed', 'Seed', 'the same seed and settings give the same jobs', 0, 2 ** 32 - 1),
  whole('golden_seeds', 'Fresh seeds', 'on which the champion has to prove itself', 0, 100),
];

/** Of `simulation`; the ranges are the solver's. */
export const SIMULATION_FIELDS: readonly NumberField[] = [
  whole('T_steps', 'Steps', 'of a run', 1, 1e7),
  real('dt', 'Time step', 'h-norms compare only at the same', 1e-6, 1),
  real('L_domain', 'Box length', "the equation's own unit", 0.1, 1e4),
];

export interface ChoiceField {
  readonly name: string;
  readonly label: string;
  readonly choices: readonly (readonly [value: string, words: string])[];
  readonly isNumber: boolean;
}

export const SIMULATION_CHOICES: readonly ChoiceField[] = [
  { name: 'N_grid', label: 'Grid', choices: ['16', '32', '64', '128', '256'].map((n) => [n, `${n} points a side`] as const), isNumber: true },
  { name: 'dim', label: 'Dimensions', choices: [['2', 'two'], ['3', 'three (64 points at most)']], isNumber: true },
  { name: 'initial', label: 'Beginning', choices: [['noise', 'noise'], ['gaussian', 'a Gaussian hump']], isNumber: false },
  { name: 'sdg_solver', label: 'Geometry', choices: [['helmholtz', 'screened (helmholtz)'], ['poisson', 'poisson'], ['algebraic', 'algebraic']], isNumber: false },
];

export interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly scale: 'linear' | 'log';
}

/** What the daemon searches unless it is told otherwise; a test holds it to the daemon's own table. */
export const SUGGESTED_BOUNDS: Readonly<Record<string, Bounds>> = {
  sncgl_epsilon: { min: 0.1, max: 0.5, scale: 'linear' },
  sncgl_lambda: { min: 0.01, max: 0.1, scale: 'log' },
  sncgl_g_nonlocal: { min: 5e-4, max: 5e-3, scale: 'log' },
  sncgl_c3: { min: -1.5, max: 1.5, scale: 'linear' },
  sncgl_diff_im: { min: 0, max: 1.6, scale: 'linear' },
  sdg_alpha: { min: 1, max: 2, scale: 'linear' },
  sdg_kappa: { min: 0.5, max: 1.5, scale: 'linear' },
  sdg_eta: { min: 0.1, max: 1, scale: 'linear' },
  sdg_mass_sq: { min: 0.1, max: 4, scale: 'log' },
};

export interface BoundsRow {
  readonly name: string;
  readonly searched: boolean;
  readonly min: string;
  readonly max: string;
  readonly scale: 'linear' | 'log';
}

export interface StartForm {
  /** Of number and choice fields by name; '' = as configured. */
  readonly values: Readonly<Record<string, string>>;
  /** Null = the configured table. */
  readonly bounds: readonly BoundsRow[] | null;
}

export const suggestedRows = (): readonly BoundsRow[] => Object.entries(SUGGESTED_BOUNDS).map(([name, { min, max, scale }]) => ({ name, searched: true, min: String(min), max: String(max), scale }));

export type Read = { readonly request: StartHuntRequest; readonly problem: null } | { readonly request: null; readonly problem: string };

/** Numbers of the form; what is no number or out of its range is a problem that names the field. */
export function requestOf({ values, bounds }: StartForm): Read {
  try {
    const simulation = { ...numbers(values, SIMULATION_FIELDS), ...choices(values) };
    const request: StartHuntRequest = {
      ...numbers(values, [...MAIN_FIELDS, ...SEED_FIELDS]),
      ...(Object.keys(simulation).length > 0 && { simulation }),
      ...(bounds !== null && { bounds: tableOf(bounds) }),
    };
    return { request, problem: null };
  } catch (error) {
    if (!(error instanceof FieldProblem)) throw error;
    return { request: null, problem: error.message };
  }
}

class FieldProblem extends Error {}

function numbers(values: StartForm['values'], fields: readonly NumberField[]): Record<string, number> {
  return Object.fromEntries(
    fields.flatMap(({ name, label, min, max, whole: isWhole }) => {
      const text = (values[name] ?? '').trim();
      if (text === '') return [];
      const value = numberOf(text);
      if (value === null || value < min || value > max || (isWhole && !Number.isInteger(value))) throw new FieldProblem(`${label}: must be a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}`);
      return [[name, value]];
    }),
  );
}

function choices(values: StartForm['values']): Record<string, number | string> {
  return Object.fromEntries(SIMULATION_CHOICES.flatMap(({ name, isNumber }) => ((values[name] ?? '') === '' ? [] : [[name, isNumber ? Number(values[name]) : values[name]!]])));
}

function tableOf(rows: readonly BoundsRow[]): Record<string, Bounds> {
  const searched = rows.filter((row) => row.searched);
  if (searched.length === 0) throw new FieldProblem('Bounds: no parameter is searched');
  return Object.fromEntries(
    searched.map(({ name, min, max, scale }) => {
      const [low, high] = [numberOf(min), numberOf(max)];
      if (low === null || high === null || low >= high) throw new FieldProblem(`${name}: the least value must be a number below the greatest`);
      if (scale === 'log' && low <= 0) throw new FieldProblem(`${name}: a logarithmic range begins above 0`);
      return [name, { min: low, max: high, scale }];
    }),
  );
}

/** A decimal comma is taken for what it is meant to be. */
function numberOf(text: string): number | null {
  const clean = text.trim().replace(',', '.');
  const value = Number(clean);
  return clean === '' || !Number.isFinite(value) ? null : value;
}
