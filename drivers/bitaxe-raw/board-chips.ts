/** The chips of a board by its plan, over whatever asks the control port. */
import { fanChip, type FanChip } from './chips/fans.ts';
import { readMeter, type MeterReading } from './chips/meter.ts';
import { ds4432u, tps546, type Regulator } from './chips/regulators.ts';
import { standInSensor, temperatureSensors, type TemperatureSensor } from './chips/temperatures.ts';
import type { I2c } from './i2c.ts';
import type { BoardPlan } from './plan.ts';

export interface BoardChips {
  readonly fan: FanChip | null;
  readonly sensors: readonly TemperatureSensor[];
  /** Asked while the chips are in reset and the sensors say nothing. */
  readonly standIn: TemperatureSensor | null;
  readonly regulator: Regulator | null;
  readonly meter: ((what: MeterReading) => Promise<number>) | null;
}

export function chipsOf(plan: BoardPlan, i2c: I2c): BoardChips {
  return {
    fan: plan.fan === null ? null : fanChip(plan.fan, plan.asic, i2c),
    sensors: temperatureSensors(plan.sensors, i2c),
    standIn: standInSensor(plan.sensors, i2c),
    regulator: plan.regulator === null ? null : plan.regulator.chip === 'TPS546' ? tps546(plan.regulator.profile, i2c) : ds4432u(i2c),
    meter: plan.meter ? (what) => readMeter(i2c, what) : null,
  };
}
