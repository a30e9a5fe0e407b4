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

/** Work of a kernel on one vector of 16 nonces under one version, its share of the schedule included. */
export interface Work {
  /** 512-bit operations, and those among them that are rotates, shifts or shuffles. */
  readonly vector: number;
  readonly shifts: number;
  /** sha256rnds2, and the additions in 128 bits that come with them. */
  readonly shaRounds: number;
  readonly additions: number;
}

/** What a core can begin in a cycle. */
interface Ports {
  holds(core: Core): boolean;
  /** Cycles that some work takes at least. */
  cycles(work: Work): number;
}

const PORTS: readonly Ports[] = [
  {
    // Every AVX-512 core of Intel so far: ports 0 and 5, rotates and shifts on port 0 only; shuffles, which go to port 5, even
    // that out. sha256rnds2 takes a slot of port 5, one in three cycles.
    holds: ({ vendor }) => vendor === 'GenuineIntel',
    cycles: ({ vector, shaRounds, additions }) => Math.max((vector + shaRounds + additions) / 2, 3 * shaRounds),
  },
  {
    // Zen 4, as measured: four pipes of 256 bits, so a vector takes two slots; two of them shift, and one of these two does a
    // sha256rnds2 a cycle. Zen 5 (family 26) does more.
    holds: ({ vendor, family }) => vendor === 'AuthenticAMD' && family === 25,
    cycles: ({ vector, shifts, shaRounds, additions }) => Math.max((2 * vector + shaRounds + additions) / 4, (2 * shifts + shaRounds) / 2, shaRounds),
  },
];

/** Schedule operations are made once for all versions of a call. */
const SHARE = 64;

/** A hybrid kernel: operations of a step, of the schedule beside it, and SHA instructions. The generator's tests count them. */
function hybrid(step: number, stepShifts: number, schedule: number, scheduleShifts: number, shaRounds: number): { readonly plain: Work; readonly rolled: Work } {
  const work = (share: number): Work => ({ vector: step + schedule / share, shifts: stepShifts + scheduleShifts / share, shaRounds, additions: 16 });
  return { plain: work(1), rolled: work(SHARE) };
}

export const WORK: Readonly<Record<string, { readonly plain: Work; readonly rolled: Work }>> = {
  'hybrid-44': hybrid(1764, 724, 486, 254, 320),
  'hybrid-46': hybrid(1732, 712, 488, 256, 336),
  'hybrid-50': hybrid(1668, 688, 492, 260, 368),
  'hybrid-64': hybrid(1444, 604, 506, 274, 480),
};

/**
 * The bound of a kernel with that many versions a call on a core, in cycles per hash; null = nobody has counted it. For AVX-512
 * the rounded figures of the usual model: 2846 operations in pairs for 16 plain hashes; 2386, and 460 that 23 versions share.
 */
export function boundOf(kernel: string, versions: number, core: Core | null): number | null {
  const ports = PORTS.find(({ holds }) => core !== null && holds(core));
  if (!ports) return null;
  const form = versions > 1 ? 'rolled' : 'plain';
  if (kernel === 'avx512') return form === 'plain' ? 88.9 : 75.2;
  const work = WORK[kernel]?.[form];
  return work ? Number((ports.cycles(work) / 16).toFixed(1)) : null;
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
