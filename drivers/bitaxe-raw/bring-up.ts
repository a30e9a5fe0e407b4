/**
 * From a board in any state to chips in reset with power, and out of reset: reset and power off first, then the bus, the fan at
 * full speed, the regulator, its voltage, time to settle, reset released. Every step ends with the signal. Hardware reference 11.
 */
import { gpioSet } from '../../protocol/bitaxe-raw/commands.ts';
import { BITAXE_RAW_FIRMWARE, safePins } from '../../protocol/bitaxe-raw/firmware.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { wait } from '../../protocol/common/wait.ts';
import { chipsOf, type BoardChips } from './board-chips.ts';
import type { Regulator } from './chips/regulators.ts';
import type { DrivenFirmware } from './control-side.ts';
import { i2cOver, type I2c, type Requester } from './i2c.ts';
import type { BoardPlan } from './plan.ts';
import { FAN_FULL_PERCENT } from './safe-steps.ts';

export const POWER_SETTLE_MS = 500;
export const RESET_SETTLE_MS = 200;
/** Between the power pins of an EmberOne. */
const PIN_SETTLE_MS = 20;
/** A regulator that is further off does not regulate. */
const VOLTAGE_TOLERANCE = 0.1;

export interface BringUp {
  /** Ends with the operation it belongs to. */
  readonly requester: Requester;
  readonly firmware: DrivenFirmware;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Reset held, power pins off, bus ready. @throws RigError E_DEVICE_CONTROL; the signal's reason */
export async function holdReset({ requester, firmware }: BringUp): Promise<I2c> {
  for (const { pin, safeHigh } of safePins(BITAXE_RAW_FIRMWARE[firmware])) await requester.request(gpioSet(pin, safeHigh), 'holding the chips in reset');
  const i2c = i2cOver(requester);
  await i2c.setSpeed();
  return i2c;
}

/**
 * Fan at full speed, then power at a voltage; the chips stay in reset.
 * @param volts null = the board's own
 * @throws RigError E_DEVICE_CONTROL, E_DEVICE_UNSAFE when the regulator reports a fault or another voltage; the signal's reason
 */
export async function powerOn(up: BringUp, plan: BoardPlan, i2c: I2c, volts: number | null): Promise<BoardChips> {
  const { requester, firmware, clock, signal } = up;
  const chips = chipsOf(plan, i2c);
  if (chips.fan !== null) {
    await chips.fan.setup();
    await chips.fan.setPercent(FAN_FULL_PERCENT);
  }
  const { regulator } = chips;
  await regulator?.prepare();
  // The other way round than off: the core before the inputs.
  for (const { pin, safeHigh } of [...BITAXE_RAW_FIRMWARE[firmware].powerPins].reverse()) {
    await requester.request(gpioSet(pin, !safeHigh), 'switching power on');
    await wait(clock, PIN_SETTLE_MS, signal);
  }
  if (regulator !== null && volts !== null) {
    await regulator.setCoreVolts(volts);
    await regulator.on();
  }
  await wait(clock, POWER_SETTLE_MS, signal);
  if (regulator !== null && volts !== null) await checkPower(regulator, volts);
  return chips;
}

/** @throws RigError E_DEVICE_UNSAFE when the regulator reports a fault or another voltage, E_DEVICE_CONTROL */
export async function checkPower(regulator: Regulator, volts: number): Promise<void> {
  const fault = await regulator.faults();
  if (fault !== null) throw new RigError('E_DEVICE_UNSAFE', `the core regulator reports: ${fault}`, { context: { trouble: 'power' }, hint: 'Check the power supply: its voltage, its current and the connector.' });
  const measured = await regulator.reading('core_v');
  if (measured === null || Math.abs(measured - volts) <= VOLTAGE_TOLERANCE * volts) return;
  throw new RigError('E_DEVICE_UNSAFE', `the core voltage is ${measured.toFixed(3)} V instead of ${volts.toFixed(3)} V`, { context: { trouble: 'power' }, hint: 'Check the power supply: its voltage, its current and the connector.' });
}

/** Lets the chips out of reset. @throws as `holdReset` */
export async function releaseReset({ requester, firmware, clock, signal }: BringUp): Promise<void> {
  const { resetPin } = BITAXE_RAW_FIRMWARE[firmware];
  if (resetPin === null) return;
  await requester.request(gpioSet(resetPin.pin, !resetPin.safeHigh), 'letting the chips out of reset');
  await wait(clock, RESET_SETTLE_MS, signal);
}
