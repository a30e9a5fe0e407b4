/**
 * EMC2101: fan controller with one external diode, on Bitaxe Max, Ultra, Supra, Gamma and Duo.
 * Source: EMC2101 data sheet; how the boards set it up: hardware reference 12.
 */
import { checkByte, checkInteger, dutyFromPercent, percentFromDuty, writeRegister } from './reading.ts';
import type { RegisterRead, RegisterWrite, TachReading } from './reading.ts';

export const EMC2101_ADDRESS = 0x4c;

export const EMC2101_REGISTER = {
  internalTemperature: 0x00,
  externalTemperatureHigh: 0x01,
  configuration: 0x03,
  externalTemperatureLow: 0x10,
  idealityFactor: 0x17,
  betaCompensation: 0x18,
  /** Reading the low byte latches the high one, so it is read first. */
  tachLow: 0x46,
  tachHigh: 0x47,
  fanConfiguration: 0x4a,
  fanSetting: 0x4c,
  productId: 0xfd,
} as const;

/** Product ids of EMC2101 and EMC2101-R. */
export const EMC2101_PRODUCT_IDS: readonly number[] = [0x16, 0x28];
/** Highest fan setting: the register has 6 bits. */
export const EMC2101_FAN_FULL = 63;

/** Settings that depend on the diode of the board's chip; null = leave the power-on value. */
export interface Emc2101Diode {
  readonly idealityFactor: number | null;
  readonly betaCompensation: number | null;
}

/** Gamma: the diode of BM1370. */
export const EMC2101_DIODE_BM1370: Emc2101Diode = { idealityFactor: 0x24, betaCompensation: 0x00 };

/** Writes that make the ALERT pin a tachometer input and let the fan follow the fan setting alone. */
export function emc2101Setup(diode: Emc2101Diode): RegisterWrite[] {
  const writes = [
    writeRegister(EMC2101_ADDRESS, EMC2101_REGISTER.configuration, 0x04),
    writeRegister(EMC2101_ADDRESS, EMC2101_REGISTER.fanConfiguration, 0x23),
  ];
  if (diode.idealityFactor !== null) writes.push(writeRegister(EMC2101_ADDRESS, EMC2101_REGISTER.idealityFactor, diode.idealityFactor));
  if (diode.betaCompensation !== null) writes.push(writeRegister(EMC2101_ADDRESS, EMC2101_REGISTER.betaCompensation, diode.betaCompensation));
  return writes;
}

/** Sets the fan to 0 .. 100 %, rounded up. @throws RangeError outside that */
export function emc2101Fan(percent: number): RegisterWrite {
  return writeRegister(EMC2101_ADDRESS, EMC2101_REGISTER.fanSetting, dutyFromPercent(percent, EMC2101_FAN_FULL));
}

/** Percent that a fan setting register holds; its two top bits are not used. @throws RangeError when not a byte */
export function emc2101FanPercent(setting: number): number {
  checkByte('fan setting', setting);
  return percentFromDuty(setting & 0x3f, EMC2101_FAN_FULL);
}

/** Degrees of the internal sensor: signed whole degrees. @throws RangeError when not a byte */
export function emc2101InternalCelsius(value: number): number {
  checkByte('internal temperature', value);
  return value >= 0x80 ? value - 0x100 : value;
}

/** Register byte of the internal sensor. @throws RangeError when not an integer of -128 .. 127 */
export function encodeEmc2101InternalCelsius(celsius: number): number {
  checkInteger('internal temperature in degC', celsius, -128, 127);
  return celsius & 0xff;
}

const TACH_CLOCK = 5_400_000;
const TACH_STOPPED = 0xffff;

/**
 * Fan speed from the tachometer bytes: 5,400,000 / count, whole revolutions per minute. Count ffff is a fan that stands
 * (the formula alone would say 82); count 0 has not been measured yet and gives null. @throws RangeError when not bytes
 */
export function emc2101Tach(low: number, high: number): TachReading | null {
  checkByte('tach low byte', low);
  checkByte('tach high byte', high);
  const count = (high << 8) | low;
  if (count === 0) return null;
  return count === TACH_STOPPED ? { rpm: 0, stopped: true } : { rpm: Math.floor(TACH_CLOCK / count), stopped: false };
}

/** Tachometer bytes [low, high] of a fan speed; below 83 rpm the counter is full. @throws RangeError when not 0 .. 5,400,000 */
export function encodeEmc2101Tach(rpm: number): readonly [low: number, high: number] {
  checkInteger('rpm', rpm, 0, TACH_CLOCK);
  const count = rpm === 0 ? TACH_STOPPED : Math.min(TACH_STOPPED, Math.floor(TACH_CLOCK / rpm));
  return [count & 0xff, count >> 8];
}

/** The reads of one measurement, in the order the chip needs. */
export const EMC2101_READS = {
  internalTemperature: { address: EMC2101_ADDRESS, register: EMC2101_REGISTER.internalTemperature, length: 1 },
  externalTemperatureHigh: { address: EMC2101_ADDRESS, register: EMC2101_REGISTER.externalTemperatureHigh, length: 1 },
  externalTemperatureLow: { address: EMC2101_ADDRESS, register: EMC2101_REGISTER.externalTemperatureLow, length: 1 },
  tachLow: { address: EMC2101_ADDRESS, register: EMC2101_REGISTER.tachLow, length: 1 },
  tachHigh: { address: EMC2101_ADDRESS, register: EMC2101_REGISTER.tachHigh, length: 1 },
  productId: { address: EMC2101_ADDRESS, register: EMC2101_REGISTER.productId, length: 1 },
} as const satisfies Record<string, RegisterRead>;
