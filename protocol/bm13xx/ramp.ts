/**
 * Changing frequency and voltage of running chips: never a jump (the current step would pull the supply down), and never
 * a frequency the voltage is too low for: voltage first on the way up, last on the way down. Reference 3, trap 12.
 */

/** Frequencies in between are multiples of this. */
export const RAMP_STEP_MHZ = 6.25;
/** Wait after every step. */
export const RAMP_STEP_MS = 100;
/** Where a chip is taken to stand after a reset. */
export const RAMP_START_MHZ = 50;

function checkMhz(mhz: number, what: string): void {
  if (!Number.isFinite(mhz) || mhz <= 0 || mhz > 2000) throw new RangeError(`${what} is above 0 and at most 2000 MHz, not ${mhz}`);
}

/**
 * The frequencies to set one after the other, in MHz, the last being the target; none when nothing changes.
 * @throws RangeError when a frequency is not above 0
 */
export function rampFrequencies(fromMhz: number, toMhz: number): number[] {
  checkMhz(fromMhz, 'the present frequency');
  checkMhz(toMhz, 'the target frequency');
  const steps: number[] = [];
  if (toMhz > fromMhz) {
    for (let n = Math.floor(fromMhz / RAMP_STEP_MHZ) + 1; n * RAMP_STEP_MHZ < toMhz; n++) steps.push(n * RAMP_STEP_MHZ);
  } else {
    for (let n = Math.ceil(fromMhz / RAMP_STEP_MHZ) - 1; n * RAMP_STEP_MHZ > toMhz; n--) steps.push(n * RAMP_STEP_MHZ);
  }
  if (toMhz !== fromMhz) steps.push(toMhz);
  return steps;
}

export interface OperatingPoint {
  readonly mhz: number;
  readonly millivolts: number;
}

export type OperatingStep = { readonly set: 'frequency'; readonly mhz: number; readonly waitMs: number } | { readonly set: 'voltage'; readonly millivolts: number };

/**
 * The steps from one operating point to another. While both go up or the voltage goes up it comes first; while it goes
 * down it comes last, so that at no moment a frequency meets a voltage lower than both points have for it.
 * @throws RangeError when a frequency or voltage is not above 0
 */
export function planOperatingChange(from: OperatingPoint, to: OperatingPoint): OperatingStep[] {
  for (const { millivolts } of [from, to]) if (!Number.isFinite(millivolts) || millivolts <= 0) throw new RangeError(`a voltage is above 0 mV, not ${millivolts}`);
  const frequencies = rampFrequencies(from.mhz, to.mhz).map((mhz): OperatingStep => ({ set: 'frequency', mhz, waitMs: RAMP_STEP_MS }));
  if (to.millivolts === from.millivolts) return frequencies;
  const voltage: OperatingStep = { set: 'voltage', millivolts: to.millivolts };
  return to.millivolts > from.millivolts ? [voltage, ...frequencies] : [...frequencies, voltage];
}
