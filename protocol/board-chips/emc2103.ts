/**
 * EMC2103: fan controller with two external diodes, on Bitaxe Gamma Turbo.
 * Source: EMC2103 data sheet; how the board sets it up: hardware reference 12.
 */
import { checkByte, checkInteger, dutyFromPercent, percentFromDuty, writeRegister } from './reading.ts';
import type { RegisterWrite, TachReading } from './reading.ts';

export const EMC2103_ADDRESS = 0x2e;

export const EMC2103_REGISTER = {
  externalDiode1High: 0x02,
  externalDiode1Low: 0x03,
  externalDiode2High: 0x04,
  externalDiode2Low: 0x05,
  configuration: 0x20,
  pwmConfiguration: 0x2a,
  fanSetting: 0x40,
  tachHigh: 0x4e,
  tachLow: 0x4f,
} as const;

/** Highest fan setting. */
export const EMC2103_FAN_FULL = 255;

/** Writes that leave the fan to the fan setting alone. */
export function emc2103Setup(): RegisterWrite[] {
  return [
    writeRegister(EMC2103_ADDRESS, EMC2103_REGISTER.configuration, 0x00),
    writeRegister(EMC2103_ADDRESS, EMC2103_REGISTER.pwmConfiguration, 0x00),
  ];
}

/** Sets the fan to 0 .. 100 %, rounded up. @throws RangeError outside that */
export function emc2103Fan(percent: number): RegisterWrite {
  return writeRegister(EMC2103_ADDRESS, EMC2103_REGISTER.fanSetting, dutyFromPercent(percent, EMC2103_FAN_FULL));
}

/** Percent that a fan setting register holds. @throws RangeError when not a byte */
export function emc2103FanPercent(setting: number): number {
  checkByte('fan setting', setting);
  return percentFromDuty(setting, EMC2103_FAN_FULL);
}

const TACH_CLOCK = 7_864_320;
const TACH_FULL = 0x1fff;

/**
 * Fan speed from the tachometer bytes: 7,864,320 / 13-bit count, whole revolutions per minute. A full counter is a fan
 * that stands or turns below 960 rpm; count 0 has not been measured yet and gives null. @throws RangeError when not bytes
 */
export function emc2103Tach(high: number, low: number): TachReading | null {
  checkByte('tach high byte', high);
  checkByte('tach low byte', low);
  const count = ((high << 8) | low) >> 3;
  if (count === 0) return null;
  return count === TACH_FULL ? { rpm: 0, stopped: true } : { rpm: Math.floor(TACH_CLOCK / count), stopped: false };
}

/** Tachometer bytes [high, low] of a fan speed; below 961 rpm the counter is full. @throws RangeError when not 0 .. 7,864,320 */
export function encodeEmc2103Tach(rpm: number): readonly [high: number, low: number] {
  checkInteger('rpm', rpm, 0, TACH_CLOCK);
  const count = rpm === 0 ? TACH_FULL : Math.min(TACH_FULL, Math.floor(TACH_CLOCK / rpm));
  return [count >> 5, (count << 3) & 0xff];
}
