import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hexToBytes } from '../common/bytes.ts';
import { loadVectors } from '../../test/vectors.ts';
import { decodeDiodeTemperature, encodeDiodeTemperature } from './diode.ts';
import { DS4432U_CORE_VOLTS, ds4432uCode, ds4432uVolts } from './ds4432u.ts';
import { EMC2101_DIODE_BM1370, emc2101Fan, emc2101FanPercent, emc2101InternalCelsius, emc2101Setup, emc2101Tach, encodeEmc2101InternalCelsius, encodeEmc2101Tach } from './emc2101.ts';
import { emc2103Fan, emc2103FanPercent, emc2103Tach, encodeEmc2103Tach } from './emc2103.ts';
import { emc2302Fan, emc2302Multiplier, emc2302Tach, encodeEmc2302Tach, withEmc2302Multiplier } from './emc2302.ts';
import * as ina from './ina260.ts';
import { decodeTmp1075, encodeTmp1075 } from './tmp1075.ts';

const byte = fc.nat(255);

interface Peripherals {
  ds4432u_vcore: { volts: number; register_0xF8: string }[];
  emc2101_external_temp: { msb: string; lsb: string; celsius?: number; fault?: string }[];
  emc2101_rpm: { tach_lsb: string; tach_msb: string; rpm?: number; rpm_integer?: number }[];
  emc2103_rpm: { msb_4e: string; lsb_4f: string; rpm: number }[];
  emc2302_rpm: { reg_3e: string; reg_3f?: string; rpm?: number; rpm_mult1?: number }[];
  tmp1075: { bytes: string; celsius: number }[];
  ina260: { reg: string; bytes: string; milliamps?: number; millivolts?: number; milliwatts?: number }[];
}

const hexByte = (text: string) => Number.parseInt(text, 16);

describe('published conversions of the Bitaxe board chips', () => {
  it('agree with the vectors', (context) => {
    const v = loadVectors<Peripherals>(context, 'asic/peripherals.json');
    for (const c of v.ds4432u_vcore) expect(ds4432uCode(c.volts), `${c.volts} V`).toBe(hexByte(c.register_0xF8));
    for (const c of v.emc2101_external_temp) {
      const reading = decodeDiodeTemperature(hexByte(c.msb), hexByte(c.lsb));
      expect(reading).toEqual(c.fault === undefined ? { kind: 'ok', celsius: c.celsius } : { kind: 'fault', fault: c.fault });
      expect(encodeDiodeTemperature(reading)).toEqual([hexByte(c.msb), hexByte(c.lsb)]);
    }
    for (const c of v.emc2101_rpm) {
      const reading = emc2101Tach(hexByte(c.tach_lsb), hexByte(c.tach_msb));
      expect(reading).toEqual(c.rpm === undefined ? { rpm: 0, stopped: true } : { rpm: c.rpm, stopped: false });
    }
    for (const c of v.emc2103_rpm) expect(emc2103Tach(hexByte(c.msb_4e), hexByte(c.lsb_4f))?.rpm).toBe(c.rpm);
    for (const c of v.emc2302_rpm) expect(emc2302Tach(hexByte(c.reg_3e), hexByte(c.reg_3f ?? '00'), 1)?.rpm).toBe(c.rpm_mult1 ?? c.rpm);
    for (const c of v.tmp1075) {
      const [high, low] = hexToBytes(c.bytes) as unknown as [number, number];
      expect(decodeTmp1075(high, low)).toBe(c.celsius);
      expect(encodeTmp1075(c.celsius)).toEqual([high, low]);
    }
    for (const c of v.ina260) {
      const [high, low] = hexToBytes(c.bytes) as unknown as [number, number];
      if (c.milliamps !== undefined) expect(ina.decodeIna260Milliamps(high, low)).toBe(c.milliamps);
      if (c.millivolts !== undefined) expect(ina.decodeIna260Millivolts(high, low)).toBe(c.millivolts);
      if (c.milliwatts !== undefined) expect(ina.decodeIna260Milliwatts(high, low)).toBe(c.milliwatts);
    }
  });
});

describe('diode temperature', () => {
  it('never reads a broken diode as 127 degC', () => {
    expect(decodeDiodeTemperature(0x7f, 0x00)).toEqual({ kind: 'fault', fault: 'open' });
    expect(decodeDiodeTemperature(0x7f, 0xe0)).toEqual({ kind: 'fault', fault: 'short' });
  });

  it('refuses what a failed read returns', () => {
    expect(() => decodeDiodeTemperature(-1, 0)).toThrow(RangeError);
    expect(() => decodeDiodeTemperature(0, Number.NaN)).toThrow(RangeError);
  });

  it('encodes what it decodes', () => {
    fc.assert(fc.property(byte, byte, (high, low) => {
      const reading = decodeDiodeTemperature(high, low);
      if (reading.kind === 'ok' && reading.celsius > 126.875) return;
      expect(encodeDiodeTemperature(reading)).toEqual([high, low & 0xe0]);
    }));
  });
});

describe('fans', () => {
  it('are set in the chip\'s own steps, never below what was asked', () => {
    expect([...emc2101Fan(100).bytes]).toEqual([0x4c, 63]);
    expect([...emc2103Fan(50).bytes]).toEqual([0x40, 128]);
    expect([...emc2302Fan(1, 1).bytes]).toEqual([0x40, 3]);
    expect(() => emc2101Fan(101)).toThrow(RangeError);
    expect(() => emc2101Fan(Number.NaN)).toThrow(RangeError);
    fc.assert(fc.property(fc.nat(100), (percent) => {
      expect(emc2101FanPercent(emc2101Fan(percent).bytes[1]!)).toBeGreaterThanOrEqual(percent);
      expect(emc2103FanPercent(emc2103Fan(percent).bytes[1]!)).toBeGreaterThanOrEqual(percent);
    }));
  });

  it('write ideality and beta only where the board asks for them', () => {
    expect(emc2101Setup(EMC2101_DIODE_BM1370).map((w) => [...w.bytes])).toEqual([[0x03, 0x04], [0x4a, 0x23], [0x17, 0x24], [0x18, 0x00]]);
    expect(emc2101Setup({ idealityFactor: null, betaCompensation: null })).toHaveLength(2);
  });

  it('tell speed within the resolution of the counter', () => {
    fc.assert(fc.property(fc.integer({ min: 1000, max: 12_000 }), fc.constantFrom<1 | 2 | 4 | 8>(1, 2, 4, 8), (rpm, multiplier) => {
      const near = (told: number | undefined) => expect(Math.abs(told! - rpm) / rpm).toBeLessThan(0.01);
      near(emc2101Tach(...encodeEmc2101Tach(rpm))?.rpm);
      near(emc2103Tach(...encodeEmc2103Tach(rpm))?.rpm);
      const [high, low] = encodeEmc2302Tach(rpm, multiplier);
      const told = emc2302Tach(high, low, multiplier);
      if (told !== null && !told.stopped) near(told.rpm);
    }));
  });

  it('tell a fan that stands from one that has not been measured', () => {
    expect(emc2101Tach(...encodeEmc2101Tach(0))).toEqual({ rpm: 0, stopped: true });
    expect(emc2103Tach(...encodeEmc2103Tach(0))).toEqual({ rpm: 0, stopped: true });
    expect(emc2302Tach(...encodeEmc2302Tach(0, 1), 1)).toEqual({ rpm: 0, stopped: true });
    expect([emc2101Tach(0, 0), emc2103Tach(0, 7), emc2302Tach(0, 7, 1)]).toEqual([null, null, null]);
  });

  it('keep the other bits of the configuration when the multiplier changes', () => {
    fc.assert(fc.property(byte, fc.constantFrom<1 | 2 | 4 | 8>(1, 2, 4, 8), (configuration, multiplier) => {
      const changed = withEmc2302Multiplier(configuration, multiplier);
      expect(emc2302Multiplier(changed)).toBe(multiplier);
      expect(changed & ~0x60).toBe(configuration & ~0x60);
    }));
  });
});

describe('meters and regulator', () => {
  it('INA260, TMP1075 and the internal sensor of EMC2101 encode what they decode', () => {
    fc.assert(fc.property(byte, byte, (high, low) => {
      expect(ina.encodeIna260Milliamps(ina.decodeIna260Milliamps(high, low))).toEqual([high, low]);
      expect(ina.encodeIna260Millivolts(ina.decodeIna260Millivolts(high, low))).toEqual([high, low]);
      expect(ina.encodeIna260Milliwatts(ina.decodeIna260Milliwatts(high, low))).toEqual([high, low]);
      expect(encodeTmp1075(decodeTmp1075(high, low))).toEqual([high, low & 0xf0]);
      expect(encodeEmc2101InternalCelsius(emc2101InternalCelsius(high))).toBe(high);
    }));
    expect(() => ina.encodeIna260Millivolts(-1)).toThrow(RangeError);
    expect(() => encodeTmp1075(200)).toThrow(RangeError);
  });

  it('DS4432U: a code gives the voltage it was made for', () => {
    expect(ds4432uCode(1.25)).toBe(0xb9);
    fc.assert(fc.property(fc.double({ ...DS4432U_CORE_VOLTS, noNaN: true }), (volts) => {
      expect(Math.abs(ds4432uVolts(ds4432uCode(volts)) - volts)).toBeLessThan(volts >= 1.451 && volts <= 1.4585 ? 0.019 : 0.0038);
    }));
    expect(() => ds4432uCode(0.9)).toThrow(RangeError);
    expect(() => ds4432uCode(3)).toThrow(RangeError);
    expect(() => ds4432uCode(Number.NaN)).toThrow(RangeError);
  });
});
