import { describe, expect, it } from 'vitest';
import * as b from './bytes.ts';

const hex = (text: string) => b.hexToBytes(text);

describe('bytes', () => {
  it('reads hex of either case and writes lower case', () => {
    expect(b.bytesToHex(hex('00ffAB7f'))).toBe('00ffab7f');
    expect(hex('')).toHaveLength(0);
  });

  it.each(['abc', 'zz', '0x12', ' 12', '1\u0661', '-1', '@@', 'gg', '``'])('refuses %j as hex', (text) => {
    expect(b.tryHexToBytes(text)).toBeNull();
    expect(() => b.hexToBytes(text)).toThrow(RangeError);
  });

  it('reverses whole arrays and the bytes inside words without touching the original', () => {
    const bytes = hex('0011223344556677');
    expect(b.bytesToHex(b.reverseBytes(bytes))).toBe('7766554433221100');
    expect(b.bytesToHex(b.swapWords(bytes))).toBe('3322110077665544');
    expect(b.bytesToHex(bytes)).toBe('0011223344556677');
    expect(() => b.swapWords(hex('001122'))).toThrow(RangeError);
  });

  it('reads and writes unsigned 32-bit numbers in both orders', () => {
    const bytes = new Uint8Array(8);
    b.writeU32LE(bytes, 0xfedcba98, 0);
    b.writeU32BE(bytes, 0xfedcba98, 4);
    expect(b.bytesToHex(bytes)).toBe('98badcfefedcba98');
    expect(b.readU32LE(bytes, 0)).toBe(0xfedcba98);
    expect(b.readU32BE(bytes, 4)).toBe(0xfedcba98);
    expect(() => b.readU32LE(bytes, 5)).toThrow(RangeError);
    expect(() => b.writeU32BE(bytes, 1, -1)).toThrow(RangeError);
  });

  it('joins, compares and prints', () => {
    expect(b.bytesToHex(b.concatBytes(hex('01'), hex(''), hex('0203')))).toBe('010203');
    expect(b.equalBytes(hex('0102'), hex('0102'))).toBe(true);
    expect(b.equalBytes(hex('0102'), hex('010200'))).toBe(false);
    expect(b.compareBytes(hex('01ff'), hex('0200'))).toBeLessThan(0);
    expect(b.compareBytes(hex('0200'), hex('02'))).toBeGreaterThan(0);
    expect(b.u32ToHex(0x20000000)).toBe('20000000');
    expect(b.u32ToHex(-1)).toBe('ffffffff');
    expect(b.u32ToHex(2)).toBe('00000002');
  });
});
