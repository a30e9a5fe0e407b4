import { expect, test } from 'vitest';
import { age, clockTime, duration, longTime } from './time.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');
const NOW = new Date(2026, 2, 4, 15, 6, 7).getTime();

test('durations have the two units that count', () => {
  expect([0, 59.9, 61, 3723, 90_061].map((value) => plain(duration(value)))).toEqual(['0 s', '59 s', '1 min 01 s', '1 h 02 min', '1 d 01 h']);
  expect(duration(null)).toBe('unknown');
});

test('ages are rough, and say so when there is none', () => {
  expect([0, 500, 12_000, 600_000, 7_200_000, 259_200_000, -4000].map((ms) => plain(age(NOW - ms, NOW)))).toEqual(['just now', 'just now', '12 s ago', '10 min ago', '2 h ago', '3 d ago', 'in 4 s']);
  expect(age(null, NOW)).toBe('never');
  expect(age(NaN, NOW)).toBe('never');
});

test('times are local; of another day with the date', () => {
  expect(clockTime(NOW, NOW + 1000)).toBe('15:06:07');
  expect(clockTime(NOW, NOW + 86_400_000)).toBe('2026-03-04 15:06:07');
});

test('a block of a small miner is far away', () => {
  expect([0.5, 40, 1000, 3.6525e6, 3.6525e9, 3.6525e12].map((days) => plain(longTime(days)))).toEqual(['12 h 00 min', '40 days', '3 years', '10 thousand years', '10.0 million years', '10 billion years']);
  expect(longTime(null)).toBe('unknown');
});
