/** How a job is cut into units that no two threads share. The same rules as native/job.c. */
import type { EngineJob } from '../engine.ts';

/** More versions than a job lives for. */
const MAX_FREE_BITS = 24;

export interface Plan {
  readonly versions: number;
  readonly unitsPerVersion: number;
  readonly units: number;
  /** Version number `index`: the job's own with the bits of `index` spread over the bits that may be set. Number 0 is its own. */
  version(index: number): number;
  /** First nonce and length of unit `number`, and the number of its version. */
  unit(number: number): { readonly version: number; readonly first: number; readonly count: number };
}

export function planOf(job: EngineJob, unitNonces: number): Plan {
  const own = new DataView(job.header.buffer, job.header.byteOffset).getUint32(0, true);
  const bits: number[] = [];
  // Bits are only set, never cleared: pools that OR, replace or XOR then agree on the result.
  for (let bit = 0; bit < 32 && bits.length < MAX_FREE_BITS; bit++) if (((job.versionMask & ~own) >>> bit) & 1) bits.push(2 ** bit);
  const nonces = job.nonceTo - job.nonceFrom + 1;
  const versions = 2 ** bits.length;
  const unitsPerVersion = Math.ceil(nonces / unitNonces);
  return {
    versions,
    unitsPerVersion,
    units: versions * unitsPerVersion,
    version: (index) => bits.reduce((sum, bit, i) => ((index >>> i) & 1 ? sum + bit : sum), own),
    unit(number) {
      const start = (number % unitsPerVersion) * unitNonces;
      return { version: Math.floor(number / unitsPerVersion), first: job.nonceFrom + start, count: Math.min(unitNonces, nonces - start) };
    },
  };
}
