/**
 * Cycles per hash that no order of the instructions can go below: operations of a kernel over what the execution ports take in
 * a cycle. What is missing between a bound and 100 % is latency, loads and stores, and the loop around.
 */
import { readFileSync } from 'node:fs';

/** Whose ports are counted. */
export interface Core {
  /** As CPUID says it. */
  readonly vendor: string;
  readonly family: number;
}

export interface Bound {
  readonly kernel: string;
  /** `rolled` = many versions share the first schedule, `plain` = one version. */
  readonly form: 'plain' | 'rolled';
  readonly cyclesPerHash: number;
  /** Cores the model is true of. */
  holds(core: Core): boolean;
}

/** Every AVX-512 core of Intel so far: 512-bit operations on ports 0 and 5, rotates and shifts on port 0 only. */
const intel = (core: Core): boolean => core.vendor === 'GenuineIntel';
/** Zen 4 does the same in a cycle, as measured; Zen 5 (family 26) does more. */
const zen4 = (core: Core): boolean => core.vendor === 'AuthenticAMD' && core.family === 25;
const twoWide = (core: Core): boolean => intel(core) || zen4(core);

/** Operations are for 16 lanes, after all precomputation. */
export const BOUNDS: readonly Bound[] = [
  // 2846 operations: 1423 cycles for 16 hashes.
  { kernel: 'avx512', form: 'plain', cyclesPerHash: 88.9, holds: twoWide },
  // 2386 operations, and 460 that the versions share: 75.2 with 23 versions, half a percent less with 64.
  { kernel: 'avx512', form: 'rolled', cyclesPerHash: 75.2, holds: twoWide },
];

/** The bound of a kernel with that many versions a call on a core; null = nobody has counted it. */
export function boundOf(kernel: string, versions: number, core: Core | null): number | null {
  const form = versions > 1 ? 'rolled' : 'plain';
  return BOUNDS.find((bound) => bound.kernel === kernel && bound.form === form && core !== null && bound.holds(core))?.cyclesPerHash ?? null;
}

/** The first core in a text of /proc/cpuinfo; null when it does not say. */
export function coreOf(cpuinfo: string): Core | null {
  const vendor = /^vendor_id\s*:\s*(\S+)/m.exec(cpuinfo)?.[1];
  const family = /^cpu family\s*:\s*(\d+)/m.exec(cpuinfo)?.[1];
  return vendor === undefined || family === undefined ? null : { vendor, family: Number(family) };
}

/** This machine's; null where there is no /proc, and on processors that name themselves in another way (ARM). */
export function coreHere(): Core | null {
  try {
    return coreOf(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return null;
  }
}
