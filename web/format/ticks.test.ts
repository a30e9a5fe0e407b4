import { expect, test } from 'vitest';
import { tickTexts } from './ticks.ts';

test('ticks have the decimals that tell them apart, and no more', () => {
  expect(tickTexts([3.75, 4, 4.25, 4.5])).toEqual(['3.75', '4.00', '4.25', '4.50']);
  expect(tickTexts([0, 0.2, 0.4])).toEqual(['0', '0.2', '0.4']);
  expect(tickTexts([-10, 0, 10])).toEqual(['\u221210', '0', '10']);
  expect(tickTexts([0.01, 0.015, 0.02])).toEqual(['0.010', '0.015', '0.020']);
});

test('small and large ones share a power of ten', () => {
  expect(tickTexts([0, 2.5e-5, 5e-5, 7.5e-5])).toEqual(['0', '2.5e\u22125', '5.0e\u22125', '7.5e\u22125']);
  expect(tickTexts([0, 5e-5, 1e-4])).toEqual(['0', '0.5e\u22124', '1.0e\u22124']);
  expect(tickTexts([0, 2e6])).toEqual(['0', '2e6']);
});

test('one tick, or none, is no trouble', () => {
  expect(tickTexts([])).toEqual([]);
  expect(tickTexts([0])).toEqual(['0']);
  expect(tickTexts([3])).toEqual(['3']);
});
