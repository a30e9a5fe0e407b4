import path from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../ledger/disk/files.ts';
import type { Disk } from '../ledger/disk/disk.ts';
import { INITIAL_STATES, SDG_SOLVERS } from '../../kernels/spectral/parameters.ts';
import { ORIGINS } from './job.ts';
import { HUNT_SENTINEL } from './sentinels.ts';
import { topologySchema } from './tda/topology.ts';

const number = z.number();
const known = number.nullable();
const later = known.default(null);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const simulationSchema = z.object({ N_grid: z.int(), L_domain: number, dt: number, T_steps: z.int(), dim: z.union([z.literal(2), z.literal(3)]), initial: z.enum(INITIAL_STATES) });
export const sncglSchema = z.object({ sncgl_epsilon: number, sncgl_lambda: number, sncgl_g_nonlocal: number, sncgl_b3: number, sncgl_c3: number, sncgl_diff_re: number, sncgl_diff_im: number, sncgl_sigma_k: number });
export const sdgSchema = z.object({ sdg_solver: z.enum(SDG_SOLVERS), sdg_alpha: number, sdg_kappa: number, sdg_eta: number, sdg_rho_vac: number, sdg_mass_sq: number, sdg_omega_sq_min: number });

/** Of the validator and of the run; `null` = not known, never a code. */
export const metricsSchema = z.object({
  log_prime_sse: known,
  log_prime_sse_median: known,
  log_prime_sse_best: known,
  n_rays_locked: known,
  sse_null_phase_scramble: known,
  sse_null_target_shuffle: known,
  p_value: known,
  p_value_target_shuffle: known,
  sdg_h_norm_l2: known,
  sdg_metric_dev_l2: known,
  sdg_conformal_residual: known,
  pcs: known,
  pli: known,
  rho_mean: known,
  variance: known,
  relative_variance: known,
  grad_phase_var: known,
  correlation_length: known,
  spectral_entropy: known,
  spectral_slope: known,
  anisotropy: known,
  // Later than the rest: files without them are read as well.
  box_dimension: later,
  nonlinear_balance: later,
  omega_saturation: later,
  stress_shear: later,
  bragg_peaks: later,
  bragg_share: later,
  informational_compliance: later,
  c4_contrast: later,
  /** Time after which the mean current of the second half of the run has forgotten itself. */
  tau_c: later,
  /** Slope of ln(mean density) over time in the last quarter of the run: a run that looks stable and still grows shows here. */
  rho_late_slope: known,
  omega_sq_min: known,
  /** Share of the points whose Omega^2 stands at a bound. */
  clamp_fraction: known,
});
export type Metrics = z.infer<typeof metricsSchema>;

const spectralFidelitySchema = z.object({
  analysis_protocol: z.string(),
  prime_log_targets: z.array(number),
  n_rays: number,
  n_rays_matched: number,
  n_rays_without_peaks: number,
  n_surrogates: number,
  scaling_factor_S: known,
  measured_peaks: z.array(number),
  scaled_peaks: z.array(number),
  matched_peaks: z.array(known),
  n_peaks_found_main: number,
  dominant_peak_k: known,
  primary_harmonic_error: known,
  missing_peak_penalty: number,
  failure_reason_main: z.string().nullable(),
});

export const PROVENANCE_VERSION = '1.0';

/** `provenance_{job_uuid}.json`: everything about one job, there whatever happened to it. */
export const provenanceSchema = z.object({
  schema_version: z.literal(PROVENANCE_VERSION),
  job_uuid: z.uuid(),
  config_hash: sha256,
  hunt_id: z.uuid(),
  generation: z.int().min(0),
  origin: z.enum(ORIGINS),
  parent_1: z.uuid().nullable(),
  parent_2: z.uuid().nullable(),
  global_seed: z.int().min(0),
  created_utc: z.iso.datetime(),
  status: z.enum(['ok', 'failed']),
  validation_status: z.enum(['validated', 'failed', 'not_run']),
  sentinel_code: z.union(Object.values(HUNT_SENTINEL).map((code) => z.literal(code))),
  /** For a person; null when nothing went wrong. */
  error: z.string().nullable(),
  simulation: simulationSchema.extend({ integrator: z.literal('ETDRK4') }),
  sncgl_params: sncglSchema,
  sdg_params: sdgSchema,
  metrics: metricsSchema,
  spectral_fidelity: spectralFidelitySchema.nullable(),
  /** Shape of the bright places of the last state; null = there was no state to look at. */
  topology: topologySchema.nullable(),
  solver_contract: z.object({ version: z.string(), backend: z.string().nullable() }),
  artifacts: z.object({ field: z.object({ path: z.string(), sha256 }).nullable() }),
  timing: z.object({ simulate_ms: known, validate_ms: known, steps: known }),
});
export type Provenance = z.infer<typeof provenanceSchema>;

export const NO_METRICS: Metrics = Object.fromEntries(Object.keys(metricsSchema.shape).map((key) => [key, null])) as Metrics;

export const provenanceName = (jobUuid: string): string => `provenance_${jobUuid}.json`;

export const provenanceText = (provenance: Provenance): string => `${JSON.stringify(provenanceSchema.parse(provenance), null, 2)}\n`;

/** Whole or not at all, also when the power goes. @throws ZodError for what is no provenance, or the disk's error */
export async function writeProvenance(disk: Disk, folder: string, provenance: Provenance): Promise<string> {
  const file = path.join(folder, provenanceName(provenance.job_uuid));
  await writeWhole(disk, file, Buffer.from(provenanceText(provenance)));
  return file;
}

/** Null for text that is no provenance of this version. */
export function readProvenance(text: string): Provenance | null {
  try {
    return provenanceSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
