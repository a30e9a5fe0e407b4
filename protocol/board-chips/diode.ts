/**
 * The 11-bit temperature of the EMC21xx external diodes: high byte whole degrees, signed; the top three bits of the
 * low byte eighths of a degree. Source: EMC2101 and EMC2103 data sheets, temperature registers.
 */
import { checkByte, checkNumber } from './reading.ts';
import type { TemperatureReading } from './reading.ts';

/** 11-bit codes that mean a fault. Both read as about 127 degC, hotter than any board that still answers. */
const OPEN = 0x3f8;
const SHORT = 0x3ff;

/** Decodes the two temperature bytes. @throws RangeError when either is not a byte (a failed read is not a reading) */
export function decodeDiodeTemperature(high: number, low: number): TemperatureReading {
  checkByte('temperature high byte', high);
  checkByte('temperature low byte', low);
  const raw = ((high << 8) | low) >> 5;
  if (raw === OPEN) return { kind: 'fault', fault: 'open' };
  if (raw === SHORT) return { kind: 'fault', fault: 'short' };
  return { kind: 'ok', celsius: (raw >= 0x400 ? raw - 0x800 : raw) / 8 };
}

/** The two bytes [high, low] of a reading; degrees are rounded to eighths. @throws RangeError outside -128 .. 126.875 degC */
export function encodeDiodeTemperature(reading: TemperatureReading): readonly [high: number, low: number] {
  let raw: number;
  if (reading.kind === 'fault') raw = reading.fault === 'open' ? OPEN : SHORT;
  else {
    checkNumber('temperature in degC', reading.celsius, -128, 126.875);
    raw = Math.round(reading.celsius * 8) & 0x7ff;
  }
  return [raw >> 3, (raw << 5) & 0xff];
}
