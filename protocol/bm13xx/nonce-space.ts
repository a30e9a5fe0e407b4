/** How fast a chain hashes, how long its search space lasts and how long a chip counts per version. Reference 6.3, 6.4. */
import { checkChipCount } from './bytes-check.ts';
import { type Bm13xxChip, CLOCK_HZ } from './chips.ts';

const CLOCK_MHZ = CLOCK_HZ / 1_000_000;
const NONCES = 2 ** 32;

/** The power of two at or above a whole number of 1 or more. */
export function powerOfTwoAbove(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}

function checkMhz(mhz: number): void {
  if (!Number.isFinite(mhz) || mhz <= 0) throw new RangeError(`a frequency is above 0 MHz, not ${mhz}`);
}

/** Hashes per second a chain should make: small cores * clock * chips. @throws RangeError for a frequency below 0 */
export function expectedHashRate(chip: Bm13xxChip, mhz: number, chips = 1): number {
  if (!Number.isFinite(mhz) || mhz < 0) throw new RangeError(`a frequency is not below 0 MHz: ${mhz}`);
  return chip.smallCores * mhz * 1_000_000 * chips;
}

/**
 * Value of register 10: how many ticks of 25 MHz a core counts per version, so that every chip keeps to its own part of
 * the nonce space. Half of the exact value: the cores hash two nonces a tick. BM1370 overruns and gets less.
 * @throws RangeError when frequency or number of chips cannot be
 */
export function hashCountingNumber(chip: Bm13xxChip, mhz: number, chips: number): number {
  checkMhz(mhz);
  checkChipCount(chips);
  if (chip.hashCountingFixed !== null) return chip.hashCountingFixed;
  const space = NONCES / powerOfTwoAbove(chip.cores) / powerOfTwoAbove(chips);
  return Math.max(1, Math.min(0xffff_ffff, Math.floor(((space * CLOCK_MHZ) / mhz) * 0.5 - chip.hashCountingCorrection)));
}

/** Time a chip counts through all 65536 versions of a job with this hash counting number, in ms. */
export function versionSweepMs(chip: Bm13xxChip, hashCounting: number): number {
  const subCores = powerOfTwoAbove(chip.smallCores) / powerOfTwoAbove(chip.cores);
  return ((65536 / subCores) * hashCounting * 1000) / CLOCK_HZ;
}

/**
 * Time a chain takes for all nonces of all versions of a job, in ms.
 * @param versions how many versions the chip (or the midstates) goes through
 * @param fraction part of it that is to be used: 1 repeats work at the least delay
 * @returns null when there are no chips, or no frequency
 */
export function fullScanMs(chip: Pick<Bm13xxChip, 'cores' | 'smallCores'>, mhz: number, chips: number, versions: number, fraction: number): number | null {
  if (!(mhz > 0) || !(chips > 0) || !(versions > 0)) return null;
  const cores = powerOfTwoAbove(chip.cores);
  const rounds = versions / (powerOfTwoAbove(chip.smallCores) / cores);
  return ((rounds * (NONCES / cores / powerOfTwoAbove(chips))) / (mhz * 1000)) * fraction;
}

/**
 * Time after which a chain should have new work, in ms: there is no "done" message, and the same job sent again finds the
 * same nonces again. @throws RangeError when the number of chips cannot be
 */
export function jobIntervalMs(chip: Bm13xxChip, chips: number): number {
  checkChipCount(chips);
  return chip.jobIntervalMs / powerOfTwoAbove(chips);
}
