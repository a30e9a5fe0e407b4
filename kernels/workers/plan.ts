/** How a job is cut into units that no two threads share. The same rules as native/job.c. */
import type { EngineJob, Scanner } from '../engine.ts';
import type { KernelInfo } from '../types.ts';

/** More versions than a job lives for. */
const MAX_FREE_BITS = 24;

/** A claimed unit: `count` nonces from `first`, under `versions` versions starting with number `version`. */
export interface Unit {
  readonly version: number;
  readonly versions: number;
  readonly first: number;
  readonly count: number;
}

export interface Plan {
  readonly versions: number;
  /** Units in the whole search space. */
  readonly units: number;
  /** Version number `index`: the job's own with the bits of `index` spread over the bits that may be set. Number 0 is its own. */
  version(index: number): number;
  unit(number: number): Unit;
}

/** How long a unit is: nonces with one version, and nonces with `info.versions` of them. */
export type UnitSizes = Pick<Scanner, 'unitNonces' | 'rolledNonces'> & { readonly info: Pick<KernelInfo, 'versions'> };

export function planOf(job: EngineJob, { unitNonces, rolledNonces, info }: UnitSizes): Plan {
  const own = new DataView(job.header.buffer, job.header.byteOffset).getUint32(0, true);
  const bits: number[] = [];
  // Bits are only set, never cleared: pools that OR, replace or XOR then agree on the result.
  for (let bit = 0; bit < 32 && bits.length < MAX_FREE_BITS; bit++) if (((job.versionMask & ~own) >>> bit) & 1) bits.push(2 ** bit);
  const nonces = job.nonceTo - job.nonceFrom + 1;
  const versions = 2 ** bits.length;
  // Both are powers of two, so every group is full; a small one takes more nonces, and a unit stays as long.
  const group = Math.min(versions, info.versions);
  const most = group > 1 ? rolledNonces * (info.versions / group) : unitNonces;
  const unitsPerGroup = Math.ceil(nonces / most);
  return {
    versions,
    units: (versions / group) * unitsPerGroup,
    version: (index) => bits.reduce((sum, bit, i) => ((index >>> i) & 1 ? sum + bit : sum), own),
    unit(number) {
      const start = (number % unitsPerGroup) * most;
      return { version: Math.floor(number / unitsPerGroup) * group, versions: group, first: job.nonceFrom + start, count: Math.min(most, nonces - start) };
    },
  };
}
