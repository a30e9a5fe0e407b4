import type { Provenance } from '../../daemon/hub/api-types.ts';

/** What each figure of a job says. */
export const METRIC_WORDS: Readonly<Record<keyof Provenance['metrics'], string>> = {
  log_prime_sse: 'mean over all rays: distance of the spectral peaks from the logarithms of primes',
  log_prime_sse_median: 'median over the rays',
  log_prime_sse_best: 'best ray',
  n_rays_locked: 'rays below 0.01',
  sse_null_phase_scramble: 'the same of fields with scrambled phases, median',
  sse_null_target_shuffle: 'the same against random targets, median',
  p_value: 'part of scrambled fields that score at least as well',
  p_value_target_shuffle: 'part of random targets that fit at least as well',
  sdg_h_norm_l2: 'how far the geometry is from what the field asks for, relative',
  sdg_metric_dev_l2: 'departure from flat space, RMS of \u03a9\u00b2 \u2212 1',
  sdg_conformal_residual: 'RMS of \u2207\u00b2\u03a9 + \u03b1\u03c1\u03a9',
  pcs: 'phase coherence, 0 to 1',
  pli: 'localisation, from 1 (even) up',
  rho_mean: 'mean density',
  variance: 'variance of the density',
  relative_variance: 'variance over the square of the mean',
  grad_phase_var: 'variance of the phase gradient',
  correlation_length: 'distance at which the density forgets itself (1/e)',
  spectral_entropy: 'how evenly the power is spread',
  spectral_slope: 'how power falls with the wave number',
  anisotropy: 'preference of a direction',
  rho_late_slope: 'growth of the mean density at the end: a run that still grows is not stable',
  omega_sq_min: 'least \u03a9\u00b2',
  clamp_fraction: 'points where \u03a9\u00b2 stands at a bound',
};
