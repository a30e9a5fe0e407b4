import { SENTINEL } from '../solver/run.ts';

/**
 * Why a job has no score. The codes are those of the field's own tools; they stand in `sentinel_code` alone, never in a
 * metric, where `null` says that there is none.
 */
export const HUNT_SENTINEL = {
  ...SENTINEL,
  /** Omega^2 is level although the density is not and alpha is not zero: the geometry did not take part. */
  flatMetric: 500,
  /** No ray has two peaks that fit two targets. */
  noOverlap: 996,
  /** The density has no structure: its variance is below LEAST_VARIANCE. */
  noVariance: 997,
  /** A step left nothing that the next could read. */
  artifactMissing: 998,
  /** No ray has a peak. */
  noPeaks: 999,
  /** A step ended by an error. */
  exception: 1000,
  /** A step did not end by its deadline. */
  timeout: 1004,
} as const;
export type HuntSentinel = (typeof HUNT_SENTINEL)[keyof typeof HUNT_SENTINEL];

export const LEAST_VARIANCE = 1e-5;
