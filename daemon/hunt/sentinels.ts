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

const WORDS: Readonly<Record<HuntSentinel, string>> = {
  0: 'ok',
  500: 'geometry took no part',
  996: 'no peaks that fit',
  997: 'no structure',
  998: 'a file is missing',
  999: 'no peaks',
  1000: 'error',
  1002: 'ran away (not finite)',
  1003: 'nothing is left of the field',
  1004: 'timed out',
  1005: 'geometry at its bounds',
};

/** What a code says, for a person: `no structure (code 997)`; of codes of other tools the number alone. */
export function sentinelWords(code: number): string {
  const words = (WORDS as Readonly<Record<number, string | undefined>>)[code];
  return words === undefined ? `code ${code}` : `${words} (code ${code})`;
}
