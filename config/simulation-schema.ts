/** `simulation:` of the configuration: every parameter of the field equation, its ranges and defaults taken from where the solver has them. */
import { z } from 'zod';
import { DEFAULT_PARAMETERS, INITIAL_STATES, PARAMETER_RANGES, SDG_SOLVERS } from '../kernels/spectral/parameters.ts';

function range(name: keyof typeof PARAMETER_RANGES, what: string) {
  const [low, high] = PARAMETER_RANGES[name];
  return z.number().min(low).max(high).default(DEFAULT_PARAMETERS[name]).describe(what);
}

/** A value that is searched (`hunt.bounds`) is taken from there, not from here. Rules between keys are the solver's own. */
export const simulationSchema = z
  .strictObject({
    N_grid: z.literal([16, 32, 64, 128, 256]).default(64).describe('Points in each direction: 16, 32, 64, 128 or 256; in three dimensions 64 at most.'),
    L_domain: range('L_domain', "Length of the periodic box in each direction, in the equation's own unit."),
    dt: range('dt', 'Length of a step.'),
    T_steps: z.int().min(PARAMETER_RANGES.T_steps[0]).max(PARAMETER_RANGES.T_steps[1]).default(DEFAULT_PARAMETERS.T_steps).describe('Steps of a run.'),
    dim: z.literal([2, 3]).default(DEFAULT_PARAMETERS.dim).describe('Dimensions, 2 or 3.'),
    initial: z.enum(INITIAL_STATES).default(DEFAULT_PARAMETERS.initial).describe('The state a run begins with; noise and everything else random follows from its seed.'),
    sncgl_epsilon: range('sncgl_epsilon', 'Linear growth rate; it scales the diffusion, too.'),
    sncgl_lambda: range('sncgl_lambda', 'Strength of the local saturation.'),
    sncgl_g_nonlocal: range('sncgl_g_nonlocal', 'Strength of the non-local saturation.'),
    sncgl_b3: range('sncgl_b3', 'Real part of the cubic term, in units of sncgl_lambda.'),
    sncgl_c3: range('sncgl_c3', 'Imaginary part of the cubic term, likewise: turns the phase with the density.'),
    sncgl_diff_re: range('sncgl_diff_re', 'Real part of the diffusion, in units of sncgl_epsilon.'),
    sncgl_diff_im: range('sncgl_diff_im', 'Imaginary part of the diffusion, likewise.'),
    sncgl_sigma_k: range('sncgl_sigma_k', 'Width of the non-local kernel in wave numbers.'),
    sdg_solver: z.enum(SDG_SOLVERS).default(DEFAULT_PARAMETERS.sdg_solver).describe('Equation of the geometry: screened (helmholtz), poisson, or algebraic.'),
    sdg_alpha: range('sdg_alpha', 'Strength of the geometry; 0 = flat space, exactly.'),
    sdg_kappa: range('sdg_kappa', "Weight of the current's energy in the source of the geometry."),
    sdg_eta: range('sdg_eta', "Weight of the slope's energy in it."),
    sdg_rho_vac: range('sdg_rho_vac', 'Vacuum density, in units of the reference density (algebraic only).'),
    sdg_mass_sq: range('sdg_mass_sq', 'Screening of the geometry (helmholtz only).'),
    sdg_omega_sq_min: range('sdg_omega_sq_min', 'Floor of the metric factor Omega^2.'),
  })
  .prefault({})
  .describe('The coupled field and geometry (S-NCGL + SDG) that hunts simulate.');
