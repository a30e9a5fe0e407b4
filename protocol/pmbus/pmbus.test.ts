import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../common/bytes.ts';
import { loadVectors } from '../../test/vectors.ts';
import { PMBUS, PMBUS_FORBIDDEN } from './commands.ts';
import { decodeLinear11, encodeLinear11, encodeLinear11Integer } from './linear11.ts';
import { decodeStatus, encodeStatus, STATUS_BITS, statusDetails } from './status.ts';
import type { StatusRegister } from './status.ts';
import { isTps546, TPS546_PROFILES, tps546Configuration, tps546On, tps546SetCoreVolts } from './tps546.ts';
import { pmbusReadBlock, pmbusReadLength, pmbusReadNumber, pmbusSend, pmbusWriteBlock, pmbusWriteNumber, pmbusWriteWord } from './transfer.ts';
import { decodeVid, encodeVid } from './vid.ts';
import { decodeUlinear16, decodeVoutMode, encodeLinearVoutMode, encodeUlinear16 } from './vout-mode.ts';

const word = fc.nat(0xffff);
const hexNumber = (text: string) => Number.parseInt(text, 16);

interface Peripherals {
  pmbus_linear11_decode: { raw: string; value: number }[];
  pmbus_linear11_encode_float: { value: number; raw_float_encoder: string; decoded: number }[];
  pmbus_linear11_encode_int: { value: number; raw_int_encoder: string }[];
  pmbus_ulinear16: { vout_mode: string; volts: number; raw: string }[];
}

describe('PMBus numbers', () => {
  it('agree with the vectors', (context) => {
    const v = loadVectors<Peripherals>(context, 'asic/peripherals.json');
    for (const c of v.pmbus_linear11_decode) expect(decodeLinear11(hexNumber(c.raw))).toBe(c.value);
    for (const c of v.pmbus_linear11_encode_float) {
      expect(encodeLinear11(c.value), `${c.value}`).toBe(hexNumber(c.raw_float_encoder));
      expect(decodeLinear11(hexNumber(c.raw_float_encoder))).toBe(c.decoded);
    }
    for (const c of v.pmbus_linear11_encode_int) expect(encodeLinear11Integer(c.value)).toBe(hexNumber(c.raw_int_encoder));
    for (const c of v.pmbus_ulinear16) {
      const { format } = decodeVoutMode(hexNumber(c.vout_mode));
      expect(format.kind === 'linear' && encodeUlinear16(c.volts, format.exponent)).toBe(hexNumber(c.raw));
    }
  });

  it('LINEAR11: the extremes, zero and what does not fit', () => {
    expect(encodeLinear11(0)).toBe(0);
    expect(decodeLinear11(0x7fff)).toBe(-32768);
    expect(decodeLinear11(encodeLinear11(-(2 ** 25)))).toBe(-(2 ** 25));
    expect(() => encodeLinear11(1024 * 2 ** 15)).toThrow(RangeError);
    expect(() => encodeLinear11(Number.NaN)).toThrow(RangeError);
    expect(() => encodeLinear11Integer(1.5)).toThrow(RangeError);
    expect(() => decodeLinear11(-1)).toThrow(RangeError);
    expect(() => decodeLinear11(0x10000)).toThrow(RangeError);
  });

  it('LINEAR11: encodes any value it can decode to that value, and any other at most 0.2 % nearer to 0', () => {
    fc.assert(fc.property(word, (raw) => {
      const value = decodeLinear11(raw);
      expect(decodeLinear11(encodeLinear11(value))).toBe(value);
    }));
    fc.assert(fc.property(fc.double({ min: 0.02, max: 1e6, noNaN: true }), (value) => {
      const told = decodeLinear11(encodeLinear11(value));
      expect(told).toBeLessThanOrEqual(value);
      expect(told).toBeGreaterThan(value * (1 - 1 / 500));
      expect(decodeLinear11(encodeLinear11(-value))).toBe(-told);
    }));
    fc.assert(fc.property(fc.integer({ min: -1023, max: 1023 }), (value) => {
      expect(decodeLinear11(encodeLinear11Integer(value))).toBe(value);
    }));
  });

  it('VOUT_MODE: 17 and 97 are -9, with absolute and with relative limits', () => {
    expect(decodeVoutMode(0x17)).toEqual({ format: { kind: 'linear', exponent: -9 }, relativeLimits: false });
    expect(decodeVoutMode(0x97)).toEqual({ format: { kind: 'linear', exponent: -9 }, relativeLimits: true });
    expect(decodeVoutMode(0x21).format).toEqual({ kind: 'vid', tableCode: 1 });
    expect([decodeVoutMode(0x40).format.kind, decodeVoutMode(0x60).format.kind]).toEqual(['direct', 'half-float']);
    fc.assert(fc.property(fc.integer({ min: -16, max: 15 }), fc.boolean(), (exponent, relativeLimits) => {
      expect(decodeVoutMode(encodeLinearVoutMode(exponent, relativeLimits))).toEqual({ format: { kind: 'linear', exponent }, relativeLimits });
    }));
    fc.assert(fc.property(word, fc.integer({ min: -16, max: 15 }), (raw, exponent) => {
      expect(encodeUlinear16(decodeUlinear16(raw, exponent), exponent)).toBe(raw);
    }));
    expect(() => encodeUlinear16(-0.1, -9)).toThrow(RangeError);
    expect(() => encodeUlinear16(200, -9)).toThrow(RangeError);
  });

  it('VID: every code of a table is found again, codes outside mean off', () => {
    expect(decodeVid(0x02, 'vr11')).toBe(1.6);
    expect(decodeVid(0x00, 'vr12')).toBe(null);
    for (const table of ['vr11', 'vr12', 'vr13', 'imvp9', 'amd625mv'] as const) {
      for (let code = 0; code < 256; code++) {
        const volts = decodeVid(code, table);
        if (volts !== null) expect(encodeVid(volts, table)).toBe(code);
      }
      expect(() => encodeVid(4, table)).toThrow(RangeError);
      expect(() => encodeVid(Number.NaN, table)).toThrow(RangeError);
    }
    expect(decodeVid(encodeVid(1.1549, 'vr12'), 'vr12')).toBeCloseTo(1.15, 9);
  });
});

describe('transfers', () => {
  it('never store into non-volatile memory', () => {
    for (const code of PMBUS_FORBIDDEN) {
      expect(() => pmbusSend(code)).toThrow(/never sent/);
      expect(() => pmbusWriteWord(code, 0)).toThrow(/never sent/);
    }
    expect(Object.values(PMBUS).filter(({ code }) => PMBUS_FORBIDDEN.has(code))).toEqual([]);
  });

  it('read back what they write, for every command with a number', () => {
    for (const command of Object.values(PMBUS)) {
      const length = pmbusReadLength(command);
      if (length === null || length === 0) continue;
      const written = pmbusWriteNumber(command, 1, -9);
      expect(written).toHaveLength(1 + length);
      expect(pmbusReadNumber(command, written.subarray(1), -9)).toBe(1);
      expect(pmbusReadNumber(command, new Uint8Array(3), -9)).toBe(null);
    }
  });

  it('write blocks with their length', () => {
    expect(bytesToHex(pmbusWriteBlock(0xb1, hexToBytes('1234422104')))).toBe('b1051234422104');
    expect(() => pmbusWriteBlock(0xb1, new Uint8Array(33))).toThrow(RangeError);
    expect(() => pmbusWriteBlock(0x15, new Uint8Array(1))).toThrow(/never sent/);
  });

  it('read blocks no longer than they say', () => {
    expect(bytesToHex(pmbusReadBlock(hexToBytes('065449546d2441ffff'))!)).toBe('5449546d2441');
    expect(pmbusReadBlock(hexToBytes('0654'))).toBe(null);
    expect(pmbusReadBlock(new Uint8Array(0))).toBe(null);
  });
});

describe('status', () => {
  it('names bits, and encodes the names again', () => {
    expect(decodeStatus('word', 0x0848).map((bit) => bit.name)).toEqual(['power not good', 'output off', 'input under-voltage']);
    for (const register of Object.keys(STATUS_BITS) as StatusRegister[]) {
      fc.assert(fc.property(word, (value) => {
        const names = decodeStatus(register, value).map((bit) => bit.name);
        const again = encodeStatus(register, names);
        expect(decodeStatus(register, again).map((bit) => bit.name)).toEqual(names);
        expect(again & ~value).toBe(0);
      }), { numRuns: 30 });
    }
    expect(() => encodeStatus('vout', ['no such bit'])).toThrow(RangeError);
  });

  it('points to the registers with the details', () => {
    expect(statusDetails(0x0000)).toEqual([]);
    expect(statusDetails(0xb20e)).toEqual(['vout', 'input', 'temperature', 'cml', 'mfr', 'other']);
    expect(statusDetails(0x0010)).toEqual(['iout']);
  });
});

describe('TPS546', () => {
  it('is known by its device id', () => {
    expect(isTps546(hexToBytes('5449546d2441'))).toBe(true);
    expect(isTps546(hexToBytes('5449546d2462'))).toBe(true);
    expect(isTps546(hexToBytes('5449546b2441'))).toBe(false);
  });

  it('is switched off before it is configured, and nothing in the configuration switches it on', () => {
    for (const profile of Object.values(TPS546_PROFILES)) {
      const writes = tps546Configuration(profile).map(bytesToHex);
      expect(writes[0]).toBe('0100');
      expect(writes.filter((hex) => hex.startsWith('01')).length).toBe(1);
      expect(writes).toContain('338a02');
    }
    expect(tps546On().map(bytesToHex)).toEqual(['03', '0180']);
    expect(tps546Configuration(TPS546_PROFILES['turbo-12v']).map(bytesToHex)).toEqual(expect.arrayContaining(['04ff', 'ec0100', 'e4d0', 'b1051234422104', 'eeffff']));
  });

  it('leaves the false input warning alone on 5 V boards only', () => {
    const warns = (name: keyof typeof TPS546_PROFILES) => tps546Configuration(TPS546_PROFILES[name]).some((bytes) => bytes[0] === 0x58);
    expect([warns('single-5v'), warns('hex-12v'), warns('turbo-12v')]).toEqual([false, true, true]);
  });

  it('sets the output for the cores in series, inside the limits of the board', () => {
    expect(bytesToHex(tps546SetCoreVolts(1.15, TPS546_PROFILES['single-5v']))).toBe('214c02');
    expect(bytesToHex(tps546SetCoreVolts(1.2, TPS546_PROFILES['hex-12v']))).toBe('213307');
    expect(() => tps546SetCoreVolts(2.1, TPS546_PROFILES['single-5v'])).toThrow(RangeError);
    expect(() => tps546SetCoreVolts(0, TPS546_PROFILES['single-5v'])).toThrow(RangeError);
    expect(() => tps546SetCoreVolts(Number.NaN, TPS546_PROFILES['single-5v'])).toThrow(RangeError);
  });
});
