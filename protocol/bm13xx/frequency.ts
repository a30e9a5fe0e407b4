/** The frames that set the core clock of every chip of a chain. Reference 3. */
import type { Bm13xxChip } from './chips.ts';
import { ALL_CHIPS, encodeWrite } from './command.ts';
import { type PllSetting, pllValue, searchPll } from './pll.ts';
import { REGISTER } from './registers.ts';

export interface FrequencyChange {
  readonly frames: readonly Uint8Array[];
  /** What the chips will run at, in MHz. */
  readonly setting: PllSetting;
}

/**
 * One step of a ramp: a write of register 08, and for chips that need it the divider reset before it, both twice.
 * @throws RangeError when the chip has no such frequency
 */
export function frequencyChange(chip: Bm13xxChip, mhz: number): FrequencyChange {
  const setting = searchPll(chip, mhz);
  const write = encodeWrite(ALL_CHIPS, REGISTER.pll0, pllValue(chip, setting));
  if (chip.pll.dividerReset === null) return { frames: [write], setting };
  const reset = encodeWrite(ALL_CHIPS, REGISTER.pll0Divider, chip.pll.dividerReset);
  return { frames: [reset, reset, write, write], setting };
}
