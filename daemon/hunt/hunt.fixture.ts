import { DEFAULT_PARAMETERS } from '../../kernels/spectral/parameters.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { SimDisk } from '../ledger/disk/sim-disk.fixture.ts';
import type { HuntOptions } from './hunt.ts';
import type { HuntJob } from './job.ts';
import { localRunner } from './runner.ts';
import { HUNT_SENTINEL } from './sentinels.ts';
import { DEFAULT_HUNT, type HuntSettings } from './settings.ts';
import type { HuntSteps, Simulated } from './steps.ts';
import { ANALYSIS_PROTOCOL, type Validation } from './validator/validate.ts';

export const FOLDER = '/hunts/one';

/** Two golden seeds, four jobs a generation. */
export const SETTINGS: HuntSettings = { ...DEFAULT_HUNT, seed: 7, population_size: 4, golden_seeds: 2, surrogates: 3, parameters: { ...DEFAULT_PARAMETERS, N_grid: 16, T_steps: 20 } };

/** uuids 0, 1, 2 ... */
export function counting(first = 0): () => string {
  let next = first;
  return () => `00000000-0000-4000-8000-${(next++).toString(16).padStart(12, '0')}`;
}

export const SIMULATED: Simulated = { sentinelCode: 0, reason: null, steps: 20, backend: 'typescript', fieldSha256: 'a'.repeat(64), omegaSquaredMin: 0.5, clampedShare: 0, rhoLateSlope: 0.001, tauC: 3 };

/** A score that depends on the parameters alone: best at epsilon = 0.3 and c3 = 0.4. */
export function validationOf({ sncgl_params: p }: HuntJob): Validation {
  const sse = 0.2 + 10 * (p.sncgl_epsilon - 0.3) ** 2 + (p.sncgl_c3 - 0.4) ** 2;
  return {
    sentinelCode: HUNT_SENTINEL.ok,
    reason: null,
    metrics: {
      log_prime_sse: sse, log_prime_sse_median: sse, log_prime_sse_best: sse / 2, n_rays_locked: 0, sse_null_phase_scramble: 3, sse_null_target_shuffle: 3, p_value: 0.25, p_value_target_shuffle: 0.5,
      sdg_h_norm_l2: 0.001, sdg_metric_dev_l2: 0.1, sdg_conformal_residual: 1, pcs: 0.1, pli: 1.5, rho_mean: 4, variance: 1, relative_variance: 0.06, grad_phase_var: 0.1, correlation_length: 2, spectral_entropy: 0.5, spectral_slope: -2, anisotropy: 0.1,
      box_dimension: 1.2, nonlinear_balance: 0.9, omega_saturation: 0.3, stress_shear: 0.1, bragg_peaks: 0, bragg_share: 0, informational_compliance: 0.1, c4_contrast: -0.5,
    },
    spectralFidelity: { analysis_protocol: ANALYSIS_PROTOCOL, prime_log_targets: [0.69], n_rays: 64, n_rays_matched: 60, n_rays_without_peaks: 0, n_surrogates: 3, scaling_factor_S: 0.3, measured_peaks: [2], scaled_peaks: [0.6], matched_peaks: [2], n_peaks_found_main: 1, dominant_peak_k: 2, primary_harmonic_error: 0.09, missing_peak_penalty: 4, failure_reason_main: null },
    topology: null,
  };
}

/** Steps that take no time; `ran` has the jobs in the order they were simulated. */
export function instantSteps(): HuntSteps & { readonly ran: HuntJob[] } {
  const ran: HuntJob[] = [];
  return {
    ran,
    simulate: ({ job }) => {
      ran.push(job);
      return Promise.resolve(SIMULATED);
    },
    validate: ({ job }) => Promise.resolve(validationOf(job)),
  };
}

type Memory = HuntOptions & { readonly disk: SimDisk; readonly clock: ManualClock };

/** Options of a hunt in memory, its jobs run by `steps`. */
export function inMemory({ steps = instantSteps(), ...over }: Partial<HuntOptions> & { readonly steps?: HuntSteps } = {}): Memory {
  const disk = (over.disk as SimDisk | undefined) ?? new SimDisk();
  const clock = (over.clock as ManualClock | undefined) ?? new ManualClock();
  return { folder: FOLDER, runner: localRunner({ steps, disk, clock }), settings: SETTINGS, newUuid: counting(), ...over, disk, clock };
}
