/** Faults of a board and its bridge, beside those of the chips on it. */
import { CHIP_FAULT_NAMES, noChipFaults, type ChipFaults } from '../chips/faults.ts';
import { every, faultTable, flag, type FaultName } from '../tty/fault-names.ts';

export interface BoardFaults {
  /** The diodes of the chips read as wired to nothing or to ground; sensors beside the chips at the end of their range. */
  sensor: 'open' | 'short' | null;
  /** Sensors go on showing what they show. */
  sensorStuck: boolean;
  /** Every Nth transfer on the I2C bus is not acknowledged, or hangs. */
  i2cErrorEvery: number | null;
  i2cTimeoutEvery: number | null;
  /** The regulator has a fault latched from earlier; clearing helps. */
  regulatorLatched: boolean;
  /** The regulator trips whenever it is switched on. */
  regulatorBroken: boolean;
  fanStalled: boolean;
  /** The supply gives 85 % of the core voltage that was asked for. */
  underPower: boolean;
  /** The bridge hears its control port and does nothing. */
  controlMute: boolean;
  /** Every Nth request is answered with an error. */
  controlErrorEvery: number | null;
  /** Every Nth reply of the control port stops half way. */
  controlCutEvery: number | null;
}

export function noBoardFaults(): BoardFaults {
  return {
    sensor: null, sensorStuck: false, i2cErrorEvery: null, i2cTimeoutEvery: null, regulatorLatched: false, regulatorBroken: false, fanStalled: false, underPower: false,
    controlMute: false, controlErrorEvery: null, controlCutEvery: null,
  };
}

type Names = Readonly<Record<string, FaultName<BoardFaults & ChipFaults>>>;

const OWN: Names = {
  'sensor-open': { usage: 'sensor-open', help: 'temperature diodes read 127 C, as with no diode', parse: flag({ sensor: 'open' }) },
  'sensor-short': { usage: 'sensor-short', help: 'temperature diodes read as wired to ground', parse: flag({ sensor: 'short' }) },
  'sensor-stuck': { usage: 'sensor-stuck', help: 'temperatures no longer change', parse: flag({ sensorStuck: true }) },
  'i2c-error': { usage: 'i2c-error[=N]', help: 'every Nth I2C transfer is not acknowledged (default 1)', parse: every((i2cErrorEvery) => ({ i2cErrorEvery }), 1, 1) },
  'i2c-timeout': { usage: 'i2c-timeout[=N]', help: 'every Nth I2C transfer times out (default 1)', parse: every((i2cTimeoutEvery) => ({ i2cTimeoutEvery }), 1, 1) },
  'regulator-latched': { usage: 'regulator-latched', help: 'the regulator trips once; on again only when cleared', parse: flag({ regulatorLatched: true }) },
  'regulator-broken': { usage: 'regulator-broken', help: 'the regulator trips whenever it is on', parse: flag({ regulatorBroken: true }) },
  'fan-stalled': { usage: 'fan-stalled', help: 'the fan stands still', parse: flag({ fanStalled: true }) },
  'under-power': { usage: 'under-power', help: 'the core gets 85 % of the voltage asked for', parse: flag({ underPower: true }) },
  'control-mute': { usage: 'control-mute', help: 'the control port hears and does nothing', parse: flag({ controlMute: true }) },
  'control-error': { usage: 'control-error[=N]', help: 'every Nth request is answered with an error (default 5)', parse: every((controlErrorEvery) => ({ controlErrorEvery }), 5, 1) },
  'control-cut': { usage: 'control-cut[=N]', help: 'every Nth control reply ends half way (default 5)', parse: every((controlCutEvery) => ({ controlCutEvery }), 5, 1) },
};

/** Those of the board and of the chips together. */
export const BOARD_FAULTS = faultTable<BoardFaults & ChipFaults>({ ...OWN, ...(CHIP_FAULT_NAMES as Names) }, () => ({ ...noBoardFaults(), ...noChipFaults() }));
