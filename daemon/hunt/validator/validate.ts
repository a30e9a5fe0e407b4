import type { SolverParameters } from '../../../kernels/spectral/parameters.ts';
import { HUNT_SENTINEL, LEAST_VARIANCE, type HuntSentinel } from '../sentinels.ts';
import { fieldParts, geometryNorms, type FinalState, type GeometryNorms } from './geometry-norms.ts';
import { peaksOfRays, scoreRays, type LogPrimeScore } from './log-prime.ts';
import { PRIME_LOG_TARGETS } from './prime-match.ts';
import { secondaryMetrics, type SecondaryMetrics } from './secondary.ts';
import { structureMetrics, type StructureMetrics } from './structure.ts';
import { nullTests, SURROGATES, type NullTests } from './surrogates.ts';
import { fieldTopology, type Topology } from '../tda/topology.ts';

/** `null` = not known, because the run gave nothing that it could be read off. */
export interface ValidatorMetrics extends GeometryNorms, SecondaryMetrics, StructureMetrics {
  readonly log_prime_sse: number | null;
  readonly log_prime_sse_median: number | null;
  readonly log_prime_sse_best: number | null;
  readonly n_rays_locked: number | null;
  readonly sse_null_phase_scramble: number | null;
  readonly sse_null_target_shuffle: number | null;
  readonly p_value: number | null;
  readonly p_value_target_shuffle: number | null;
}

/** How the score came about. */
export interface SpectralFidelity {
  readonly analysis_protocol: string;
  readonly prime_log_targets: readonly number[];
  readonly n_rays: number;
  readonly n_rays_matched: number;
  readonly n_rays_without_peaks: number;
  readonly n_surrogates: number;
  /** All of the best ray: */
  readonly scaling_factor_S: number | null;
  readonly measured_peaks: readonly number[];
  readonly scaled_peaks: readonly number[];
  /** Wave number of the peak of each target; null = none. */
  readonly matched_peaks: readonly (number | null)[];
  readonly n_peaks_found_main: number;
  readonly dominant_peak_k: number | null;
  /** |S k - ln 2| of the peak taken for ln 2. */
  readonly primary_harmonic_error: number | null;
  readonly missing_peak_penalty: number;
  readonly failure_reason_main: string | null;
}

export interface Validation {
  readonly sentinelCode: HuntSentinel;
  readonly reason: string | null;
  readonly metrics: ValidatorMetrics;
  readonly spectralFidelity: SpectralFidelity | null;
  /** Null for a field that is not finite. */
  readonly topology: Topology | null;
}

export const ANALYSIS_PROTOCOL = 'rays64-hann-pad4-primes5-refit-v1';

/**
 * Judges the last state of a run. The same state and seed give the same numbers.
 * @param seed of the surrogates
 * @param onSurrogate called after each: the only places where so long a piece of work may rest
 */
export function validate(p: SolverParameters, state: FinalState, seed: number, surrogates = SURROGATES, onSurrogate: () => void = () => {}): Validation {
  const parts = fieldParts(p, state.psi);
  const plain = { ...geometryNorms(p, state, parts), ...secondaryMetrics(state.psi, parts), ...structureMetrics(p, state, parts) };
  let topology: Topology | null = null;
  const without = (sentinelCode: HuntSentinel, reason: string, spectralFidelity: SpectralFidelity | null = null): Validation => ({ sentinelCode, reason, spectralFidelity, topology, metrics: { ...plain, ...NO_SCORE } });
  if (!Object.values(plain).every((value) => value === null || Number.isFinite(value))) return without(HUNT_SENTINEL.singularity, 'a metric is not finite');
  topology = fieldTopology(state.psi, p.N_grid, p.dim).topology;
  if (plain.variance < LEAST_VARIANCE) return without(HUNT_SENTINEL.noVariance, `the variance of the density is ${plain.variance.toExponential(2)}, below ${LEAST_VARIANCE}`);
  if (p.sdg_alpha !== 0 && varianceOf(state.omegaSquared) < 1e-18) return without(HUNT_SENTINEL.flatMetric, 'Omega^2 is level while the density is not');
  const field = { values: parts.rho, n: p.N_grid, dim: p.dim };
  const rays = peaksOfRays(field, parts.grid.dx);
  const score = scoreRays(rays);
  if (score.n_rays_without_peaks === score.n_rays) return without(HUNT_SENTINEL.noPeaks, 'no ray has a peak');
  if (score.n_rays_matched === 0) return without(HUNT_SENTINEL.noOverlap, 'no ray has two peaks that fit two targets', fidelityOf(score, 0, 'no overlap'));
  const nulls = nullTests(field, parts.grid.dx, rays, score.log_prime_sse, seed, surrogates, onSurrogate);
  return { sentinelCode: HUNT_SENTINEL.ok, reason: null, metrics: { ...plain, ...scored(score, nulls) }, spectralFidelity: fidelityOf(score, nulls.n_surrogates, null), topology };
}

const NO_SCORE = { log_prime_sse: null, log_prime_sse_median: null, log_prime_sse_best: null, n_rays_locked: null, sse_null_phase_scramble: null, sse_null_target_shuffle: null, p_value: null, p_value_target_shuffle: null };

function scored(score: LogPrimeScore, { n_surrogates: _, ...nulls }: NullTests): Omit<ValidatorMetrics, keyof GeometryNorms | keyof SecondaryMetrics | keyof StructureMetrics> {
  return { log_prime_sse: score.log_prime_sse, log_prime_sse_median: score.median, log_prime_sse_best: score.best, n_rays_locked: score.n_rays_locked, ...nulls };
}

function fidelityOf(score: LogPrimeScore, n_surrogates: number, failure: string | null): SpectralFidelity {
  const { peaks, match } = score.bestRay;
  const { scale, matched } = match;
  const strongest = peaks.reduce<(typeof peaks)[number] | null>((best, peak) => (best === null || peak.power > best.power ? peak : best), null);
  const first = matched[0] ?? null;
  return {
    analysis_protocol: ANALYSIS_PROTOCOL,
    prime_log_targets: PRIME_LOG_TARGETS,
    n_rays: score.n_rays,
    n_rays_matched: score.n_rays_matched,
    n_rays_without_peaks: score.n_rays_without_peaks,
    n_surrogates,
    scaling_factor_S: scale,
    measured_peaks: peaks.map(({ k }) => k),
    scaled_peaks: scale === null ? [] : peaks.map(({ k }) => scale * k),
    matched_peaks: matched,
    n_peaks_found_main: peaks.length,
    dominant_peak_k: strongest?.k ?? null,
    primary_harmonic_error: scale === null || first === null ? null : Math.abs(scale * first - PRIME_LOG_TARGETS[0]!),
    missing_peak_penalty: matched.filter((k) => k === null).length,
    failure_reason_main: failure,
  };
}

function varianceOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}
