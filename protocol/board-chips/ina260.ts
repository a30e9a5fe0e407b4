/** INA260: current, voltage and power meter, on the older Bitaxe boards. Registers are 16 bit, high byte first. Source: INA260 data sheet. */
import { checkByte, checkNumber } from './reading.ts';

export const INA260_ADDRESS = 0x40;
export const INA260_REGISTER = { current: 0x01, busVoltage: 0x02, power: 0x03 } as const;

const MILLIAMPS_PER_BIT = 1.25;
const MILLIVOLTS_PER_BIT = 1.25;
const MILLIWATTS_PER_BIT = 10;

function word(high: number, low: number): number {
  checkByte('high byte', high);
  checkByte('low byte', low);
  return (high << 8) | low;
}

function bytes(name: string, raw: number, min: number, max: number): readonly [high: number, low: number] {
  const rounded = Math.round(raw);
  checkNumber(name, rounded, min, max);
  return [(rounded >> 8) & 0xff, rounded & 0xff];
}

/** Milliamperes of the current register; negative when it flows backwards. @throws RangeError when not bytes */
export function decodeIna260Milliamps(high: number, low: number): number {
  const raw = word(high, low);
  return (raw >= 0x8000 ? raw - 0x10000 : raw) * MILLIAMPS_PER_BIT;
}

/** Millivolts of the bus voltage register. @throws RangeError when not bytes */
export function decodeIna260Millivolts(high: number, low: number): number {
  return word(high, low) * MILLIVOLTS_PER_BIT;
}

/** Milliwatts of the power register. @throws RangeError when not bytes */
export function decodeIna260Milliwatts(high: number, low: number): number {
  return word(high, low) * MILLIWATTS_PER_BIT;
}

/** Current register bytes [high, low]. @throws RangeError outside -40,960 .. 40,958.75 mA */
export function encodeIna260Milliamps(milliamps: number): readonly [high: number, low: number] {
  return bytes('current in steps of 1.25 mA', milliamps / MILLIAMPS_PER_BIT, -0x8000, 0x7fff);
}

/** Bus voltage register bytes [high, low]. @throws RangeError outside 0 .. 81,918.75 mV */
export function encodeIna260Millivolts(millivolts: number): readonly [high: number, low: number] {
  return bytes('voltage in steps of 1.25 mV', millivolts / MILLIVOLTS_PER_BIT, 0, 0xffff);
}

/** Power register bytes [high, low]. @throws RangeError outside 0 .. 655,350 mW */
export function encodeIna260Milliwatts(milliwatts: number): readonly [high: number, low: number] {
  return bytes('power in steps of 10 mW', milliwatts / MILLIWATTS_PER_BIT, 0, 0xffff);
}
