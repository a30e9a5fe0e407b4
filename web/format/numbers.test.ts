import { expect, test } from 'vitest';
import { bitcoin, count, difficulty, joulesPerTh, money, percent, si, siParts, significant, unit } from './numbers.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

test('rates have three digits that count and the prefix of the SI', () => {
  expect([0, 7, 999, 999.7, 12_500, 47_300_000, 1.07e12, 999_600, 3.2e21].map((value) => plain(si(value, 'H/s')))).toEqual(['0 H/s', '7 H/s', '999 H/s', '1.00 kH/s', '12.5 kH/s', '47.3 MH/s', '1.07 TH/s', '1.00 MH/s', '3.20 ZH/s']);
  expect(plain(si(99.97e6, 'H/s'))).toBe('100 MH/s');
  expect(siParts(47_300_000)).toEqual(['47.3', 'M']);
});

test('what is unknown is said so, and never 0', () => {
  for (const missing of [null, undefined, NaN, Infinity]) {
    expect(si(missing, 'H/s')).toBe('unknown');
    expect(count(missing)).toBe('\u2013');
    expect(significant(missing)).toBe('\u2013');
    expect(difficulty(missing, 'none yet')).toBe('none yet');
    expect(percent(missing)).toBe('\u2013');
    expect(unit(missing, 'W')).toBe('\u2013');
    expect(money(missing, 'EUR')).toBe('unknown');
    expect(bitcoin(missing)).toBe('unknown');
  }
  expect(siParts(null)[0]).toBeNull();
});

test('scores keep the digits that count, also very small ones', () => {
  expect([0, 0.41234, 3.6, 0.0012345, 12_345, 1.5e-7, -0.25, 1e6, -1.5e-7].map((value) => significant(value))).toEqual(['0', '0.412', '3.60', '0.00123', '12345', '1.50e\u22127', '\u22120.250', '1.00e6', '\u22121.50e\u22127']);
});

test('difficulties of chips and of a CPU', () => {
  expect([0.001, 0.25, 512, 16_384, 4.2e12].map((value) => plain(difficulty(value)))).toEqual(['0.00100', '0.250', '512', '16.4 k', '4.20 T']);
});

test('money has its sign, its currency, and digits for less than a cent', () => {
  expect([0, 1.5, -0.08064, 0.00000123, 1234.5].map((value) => plain(money(value, 'EUR')))).toEqual(['0.00 EUR', '1.50 EUR', '\u22120.08 EUR', '1.2e\u22126 EUR', '1234.50 EUR']);
  expect(plain(bitcoin(312_500_000))).toBe('3.125 BTC');
  expect(plain(bitcoin(0))).toBe('0 BTC');
});

test('cost of a hash', () => {
  expect(joulesPerTh(17, 1e12)).toBe(17);
  expect(joulesPerTh(null, 1e12)).toBeNull();
  expect(joulesPerTh(17, 0)).toBeNull();
});
