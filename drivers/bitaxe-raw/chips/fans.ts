/** The fan controllers of the boards as one thing: set up, set the speed, hear the tachometers. */
import { EMC2101_ADDRESS, EMC2101_DIODE_BM1370, EMC2101_FAN_FULL, EMC2101_PRODUCT_IDS, EMC2101_REGISTER, emc2101Fan, emc2101Setup, emc2101Tach, type Emc2101Diode } from '../../../protocol/board-chips/emc2101.ts';
import { EMC2103_ADDRESS, EMC2103_REGISTER, emc2103Fan, emc2103Setup, emc2103Tach } from '../../../protocol/board-chips/emc2103.ts';
import { EMC2302_ADDRESS, EMC2302_REGISTER, emc2302Fan, emc2302Multiplier, emc2302Tach, type Emc2302Fan } from '../../../protocol/board-chips/emc2302.ts';
import type { RegisterWrite, TachReading } from '../../../protocol/board-chips/reading.ts';
import type { RequestOptions } from '../control-client.ts';
import type { I2c } from '../i2c.ts';

export type FanChipName = 'EMC2101' | 'EMC2103' | 'EMC2302';

/** Methods with a promise @throws RigError E_DEVICE_CONTROL */
export interface FanChip {
  readonly name: FanChipName;
  readonly fans: number;
  /** Leaves the fans to `setPercent` alone. */
  setup(options?: RequestOptions): Promise<void>;
  setPercent(percent: number, options?: RequestOptions): Promise<void>;
  /** What `setPercent` writes. */
  writes(percent: number): RegisterWrite[];
  /** Of each fan; null = not measured yet. */
  tach(fan: number): Promise<TachReading | null>;
}

const WHAT = { setup: 'setting up the fan controller', set: 'setting the fan', tach: 'reading the fan speed' } as const;

interface Recipe {
  readonly fans: number;
  readonly setup: (asic: string) => RegisterWrite[];
  readonly writes: (percent: number) => RegisterWrite[];
  readonly tach: (i2c: I2c, fan: number) => Promise<TachReading | null>;
}

/** Only the diode of BM1370 needs other settings than the chip has at power-on. */
const PLAIN_DIODE: Emc2101Diode = { idealityFactor: null, betaCompensation: null };

const RECIPES: Record<FanChipName, Recipe> = {
  EMC2101: {
    fans: 1,
    setup: (asic) => emc2101Setup(asic === 'BM1370' ? EMC2101_DIODE_BM1370 : PLAIN_DIODE),
    writes: (percent) => [emc2101Fan(percent)],
    async tach(i2c) {
      // The low byte first: reading it holds the high one.
      const low = await i2c.read(EMC2101_ADDRESS, EMC2101_REGISTER.tachLow, 1, WHAT.tach);
      const high = await i2c.read(EMC2101_ADDRESS, EMC2101_REGISTER.tachHigh, 1, WHAT.tach);
      return emc2101Tach(low[0]!, high[0]!);
    },
  },
  EMC2103: {
    fans: 1,
    setup: () => emc2103Setup(),
    writes: (percent) => [emc2103Fan(percent)],
    async tach(i2c) {
      const high = await i2c.read(EMC2103_ADDRESS, EMC2103_REGISTER.tachHigh, 1, WHAT.tach);
      const low = await i2c.read(EMC2103_ADDRESS, EMC2103_REGISTER.tachLow, 1, WHAT.tach);
      return emc2103Tach(high[0]!, low[0]!);
    },
  },
  EMC2302: {
    fans: 2,
    setup: () => [],
    writes: (percent) => [emc2302Fan(0, percent), emc2302Fan(1, percent)],
    async tach(i2c, fan) {
      const registers = EMC2302_REGISTER[fan as Emc2302Fan];
      const high = await i2c.read(EMC2302_ADDRESS, registers.tachHigh, 1, WHAT.tach);
      const low = await i2c.read(EMC2302_ADDRESS, registers.tachLow, 1, WHAT.tach);
      const configuration = await i2c.read(EMC2302_ADDRESS, registers.configuration, 1, WHAT.tach);
      return emc2302Tach(high[0]!, low[0]!, emc2302Multiplier(configuration[0]!));
    },
  },
};

/** What sets the fans of a board to a speed, whoever writes it. */
export function fanWrites(name: FanChipName, percent: number): RegisterWrite[] {
  return RECIPES[name].writes(percent);
}

/** @param asic chip whose diode the controller reads */
export function fanChip(name: FanChipName, asic: string, i2c: I2c): FanChip {
  const recipe = RECIPES[name];
  /** Every write is tried: one fan that cannot be set must not keep the other from it. */
  async function writeAll(writes: readonly RegisterWrite[], what: string, options?: RequestOptions): Promise<void> {
    const results = await Promise.allSettled(writes.map((write) => i2c.write(write, what, options)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
  return {
    name,
    fans: recipe.fans,
    writes: recipe.writes,
    setup: (options) => writeAll(recipe.setup(asic), WHAT.setup, options),
    setPercent: (percent, options) => writeAll(recipe.writes(percent), WHAT.set, options),
    tach: (fan) => recipe.tach(i2c, fan),
  };
}

/** Which fan controller answers. */
export const FAN_PROBES: readonly { readonly name: FanChipName; readonly address: number; readonly register: number; readonly ids: readonly number[] | null }[] = [
  { name: 'EMC2101', address: EMC2101_ADDRESS, register: EMC2101_REGISTER.productId, ids: EMC2101_PRODUCT_IDS },
  { name: 'EMC2103', address: EMC2103_ADDRESS, register: EMC2103_REGISTER.fanSetting, ids: null },
  { name: 'EMC2302', address: EMC2302_ADDRESS, register: EMC2302_REGISTER[0].fanSetting, ids: null },
];

/** Steps of the coarsest controller, so that a fan is not written to for a change it cannot make. */
export const FAN_STEP_PERCENT = 100 / EMC2101_FAN_FULL;

/** Percent that may be asked for: below, many fans stand. */
export const FAN_RANGE: readonly [min: number, max: number] = [20, 100];
