/**
 * EMC2302: controller of two fans, no temperature, on Bitaxe Hex and SupraHex.
 * Source: EMC2301/2/3/5 data sheet; which registers the boards use: hardware reference 12.
 */
import { checkByte, checkInteger, dutyFromPercent, percentFromDuty, writeRegister } from './reading.ts';
import type { RegisterWrite, TachReading } from './reading.ts';

export const EMC2302_ADDRESS = 0x2f;

/** Registers per fan. The tachometer's lower address is its HIGH byte. */
export const EMC2302_REGISTER = [
  { fanSetting: 0x30, configuration: 0x32, tachHigh: 0x3e, tachLow: 0x3f },
  { fanSetting: 0x40, configuration: 0x42, tachHigh: 0x4e, tachLow: 0x4f },
] as const;

export type Emc2302Fan = 0 | 1;
/** How many edges the counter waits for, set by the range bits of the fan configuration. */
export type Emc2302Multiplier = 1 | 2 | 4 | 8;

export const EMC2302_FAN_FULL = 255;

/** Sets a fan to 0 .. 100 %, rounded up. @throws RangeError outside that */
export function emc2302Fan(fan: Emc2302Fan, percent: number): RegisterWrite {
  return writeRegister(EMC2302_ADDRESS, EMC2302_REGISTER[fan].fanSetting, dutyFromPercent(percent, EMC2302_FAN_FULL));
}

/** Percent that a fan setting register holds. @throws RangeError when not a byte */
export function emc2302FanPercent(setting: number): number {
  checkByte('fan setting', setting);
  return percentFromDuty(setting, EMC2302_FAN_FULL);
}

/** The tachometer's multiplier in bits 6-5 of the fan configuration. @throws RangeError when not a byte */
export function emc2302Multiplier(configuration: number): Emc2302Multiplier {
  checkByte('fan configuration', configuration);
  return (1 << ((configuration >> 5) & 3)) as Emc2302Multiplier;
}

/** A fan configuration with its multiplier replaced. @throws RangeError when not a byte */
export function withEmc2302Multiplier(configuration: number, multiplier: Emc2302Multiplier): number {
  checkByte('fan configuration', configuration);
  return (configuration & ~0x60) | (Math.log2(multiplier) << 5);
}

const TACH_CLOCK = 3_932_160;
const TACH_STOPPED_HIGH = 0xff;

/**
 * Fan speed from the tachometer bytes: 3,932,160 * multiplier / 13-bit count, whole revolutions per minute. High byte ff
 * is a fan that stands; count 0 has not been measured yet and gives null. @throws RangeError when not bytes
 */
export function emc2302Tach(high: number, low: number, multiplier: Emc2302Multiplier): TachReading | null {
  checkByte('tach high byte', high);
  checkByte('tach low byte', low);
  if (high === TACH_STOPPED_HIGH) return { rpm: 0, stopped: true };
  const count = (high << 5) | (low >> 3);
  return count === 0 ? null : { rpm: Math.floor((TACH_CLOCK * multiplier) / count), stopped: false };
}

/** Tachometer bytes [high, low] of a fan speed; too slow to count = ff f8. @throws RangeError when above what can be counted */
export function encodeEmc2302Tach(rpm: number, multiplier: Emc2302Multiplier): readonly [high: number, low: number] {
  checkInteger('rpm', rpm, 0, TACH_CLOCK * multiplier);
  const count = rpm === 0 ? 0x1fff : Math.min(0x1fff, Math.floor((TACH_CLOCK * multiplier) / rpm));
  return [count >> 5, (count << 3) & 0xff];
}
