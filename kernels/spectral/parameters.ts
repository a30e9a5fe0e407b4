/** What a run of the coupled S-NCGL / SDG simulation is told. Lengths, times and rates are in the equation's own units. */
import { RigError } from '../../protocol/common/errors.ts';

export const SDG_SOLVERS = ['helmholtz', 'poisson', 'algebraic'] as const;
export type SdgSolver = (typeof SDG_SOLVERS)[number];
export const INITIAL_STATES = ['noise', 'gaussian'] as const;
export type InitialState = (typeof INITIAL_STATES)[number];

export interface SimulationParameters {
  /** Points in each direction, a power of two: 16 to 256 in two dimensions, 16 to 64 in three. */
  readonly N_grid: number;
  /** Length of the periodic box in each direction. */
  readonly L_domain: number;
  /** Length of a step. */
  readonly dt: number;
  /** Steps of a run. */
  readonly T_steps: number;
  readonly dim: 2 | 3;
  readonly initial: InitialState;
}

/** The field equation: dA/dt = eps A + D lap_g A - lambda (b3 + i c3) |A|^2 A - g_nl (K * |A|^2) A + S with D = eps (diff_re + i diff_im). */
export interface SncglParameters {
  /** Linear growth rate eps; it scales the diffusion, too. */
  readonly sncgl_epsilon: number;
  readonly sncgl_lambda: number;
  /** Strength of the non-local saturation g_nl. */
  readonly sncgl_g_nonlocal: number;
  readonly sncgl_b3: number;
  readonly sncgl_c3: number;
  readonly sncgl_diff_re: number;
  readonly sncgl_diff_im: number;
  /** Width of the Gaussian kernel in wave numbers: K^(k) = exp(-k^2 / (2 sigma_k^2)). */
  readonly sncgl_sigma_k: number;
}

/** The geometry: (m^2 - lap)(rho_s / rho_vac - 1) = T_00 / rho_ref, Omega^2 = (rho_vac / rho_s)^alpha. */
export interface SdgParameters {
  /** `helmholtz` as above; `poisson`: m = 0, the mean of the source removed; `algebraic`: rho_s = |A|^2 / rho_ref. */
  readonly sdg_solver: SdgSolver;
  /** 0 = flat space, exactly. */
  readonly sdg_alpha: number;
  /** Weight of the current's energy |J|^2 in T_00. */
  readonly sdg_kappa: number;
  /** Weight of the slope's energy |R|^2 in T_00. */
  readonly sdg_eta: number;
  /** Vacuum density, in units of the reference density. Only `algebraic` sees it: the others measure everything against it. */
  readonly sdg_rho_vac: number;
  /** Screening m^2 of `helmholtz`. */
  readonly sdg_mass_sq: number;
  /** Floor of Omega^2; it also fixes how the diffusion is split between the exact and the explicit part. */
  readonly sdg_omega_sq_min: number;
}

export type SolverParameters = SimulationParameters & SncglParameters & SdgParameters;
export type NumberParameter = { [K in keyof SolverParameters]: SolverParameters[K] extends number ? K : never }[keyof SolverParameters];

export const DEFAULT_PARAMETERS: SolverParameters = {
  N_grid: 64,
  L_domain: 20,
  dt: 0.05,
  T_steps: 1200,
  dim: 2,
  initial: 'noise',
  sncgl_epsilon: 0.3,
  sncgl_lambda: 0.05,
  sncgl_g_nonlocal: 0.002,
  sncgl_b3: 1,
  sncgl_c3: 0.5,
  sncgl_diff_re: 0.5,
  sncgl_diff_im: 0.8,
  sncgl_sigma_k: 1.5,
  sdg_solver: 'helmholtz',
  sdg_alpha: 1.5,
  sdg_kappa: 1,
  sdg_eta: 0.5,
  sdg_rho_vac: 1,
  sdg_mass_sq: 1,
  sdg_omega_sq_min: 0.1,
};

/** Least and greatest value of every number that has a plain range: what the arithmetic bears, wider than what a hunt searches. */
export const PARAMETER_RANGES: Readonly<Record<Exclude<NumberParameter, 'N_grid' | 'dim'>, readonly [number, number]>> = {
  L_domain: [0.1, 1e4],
  dt: [1e-6, 1],
  T_steps: [1, 1e7],
  sncgl_epsilon: [1e-6, 10],
  sncgl_lambda: [0, 10],
  sncgl_g_nonlocal: [0, 10],
  sncgl_b3: [-10, 10],
  sncgl_c3: [-10, 10],
  sncgl_diff_re: [0, 10],
  sncgl_diff_im: [-10, 10],
  sncgl_sigma_k: [0.01, 100],
  sdg_alpha: [0, 10],
  sdg_kappa: [0, 100],
  sdg_eta: [0, 100],
  sdg_rho_vac: [1e-3, 1e3],
  sdg_mass_sq: [1e-3, 1e3],
  sdg_omega_sq_min: [1e-6, 1],
};

const LEAST_GRID = 16;
const GREATEST_GRID = { 2: 256, 3: 64 } as const;

/** @throws RigError E_SOLVER_ARGUMENT that names the first field out of its range */
export function checkParameters(p: SolverParameters): void {
  if (p.dim !== 2 && p.dim !== 3) throw wrong('dim', p.dim, 'must be 2 or 3');
  const greatest = GREATEST_GRID[p.dim];
  if (!Number.isInteger(p.N_grid) || p.N_grid < LEAST_GRID || p.N_grid > greatest || (p.N_grid & (p.N_grid - 1)) !== 0) throw wrong('N_grid', p.N_grid, `must be a power of two from ${LEAST_GRID} to ${greatest} in ${p.dim} dimensions`);
  for (const [field, [low, high]] of Object.entries(PARAMETER_RANGES) as [keyof typeof PARAMETER_RANGES, readonly [number, number]][]) {
    const value: unknown = p[field];
    if (typeof value !== 'number' || !(value >= low && value <= high)) throw wrong(field, value, `must be a number from ${low} to ${high}`);
  }
  if (!Number.isInteger(p.T_steps)) throw wrong('T_steps', p.T_steps, 'must be a whole number');
  if (!INITIAL_STATES.includes(p.initial)) throw wrong('initial', p.initial, `must be one of ${INITIAL_STATES.join(', ')}`);
  if (!SDG_SOLVERS.includes(p.sdg_solver)) throw wrong('sdg_solver', p.sdg_solver, `must be one of ${SDG_SOLVERS.join(', ')}`);
  const saturation = p.sncgl_lambda * p.sncgl_b3 + p.sncgl_g_nonlocal;
  if (!(saturation >= 1e-9)) throw wrong('sncgl_lambda', p.sncgl_lambda, `sncgl_lambda * sncgl_b3 + sncgl_g_nonlocal must be above zero, not ${saturation}: nothing would end the growth`);
}

function wrong(field: keyof SolverParameters, value: unknown, rule: string): RigError {
  return new RigError('E_SOLVER_ARGUMENT', `${field}: ${rule} (it is ${String(value)})`, { context: { field, value } });
}

/** Density at which growth and saturation balance: what geometry and thresholds are measured against. */
export function referenceDensity(p: SncglParameters): number {
  return p.sncgl_epsilon / (p.sncgl_lambda * p.sncgl_b3 + p.sncgl_g_nonlocal);
}
