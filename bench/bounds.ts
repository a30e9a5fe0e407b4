/**
 * Cycles per hash that no order of the instructions can go below: operations of a kernel over what the execution ports take in
 * a cycle. What is missing between a bound and 100 % is latency, loads and stores, and the loop around.
 */
export interface Bound {
  readonly kernel: string;
  /** `rolled` = many versions share the first schedule, `plain` = one version. */
  readonly form: 'plain' | 'rolled';
  readonly cyclesPerHash: number;
}

/**
 * The port model has two 512-bit operations a cycle, one of which may be a rotate or a shift: ports 0 and 5 of Intel since
 * Skylake-X and, measured, the same of AMD Zen 4. Operations are for 16 lanes, after all precomputation.
 */
export const BOUNDS: readonly Bound[] = [
  // 2846 operations: 1423 cycles for 16 hashes.
  { kernel: 'avx512', form: 'plain', cyclesPerHash: 88.9 },
  // 2386 operations, and 460 that the versions share: 75.2 with 23 versions, half a percent less with 64.
  { kernel: 'avx512', form: 'rolled', cyclesPerHash: 75.2 },
];

/** The bound of a kernel with that many versions a call; null = nobody has counted it. */
export function boundOf(kernel: string, versions: number): number | null {
  const form = versions > 1 ? 'rolled' : 'plain';
  return BOUNDS.find((bound) => bound.kernel === kernel && bound.form === form)?.cyclesPerHash ?? null;
}
