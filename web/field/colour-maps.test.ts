import { expect, test } from 'vitest';
import { DENSITY, METRIC, okLab, PHASE, STEPS, type Rgb } from './colour-maps.ts';

const distance = (a: Rgb, b: Rgb): number => Math.hypot(...okLab(a).map((value, i) => value - okLab(b)[i]!));
/** Over eight steps, so that the rounding to bytes does not count. */
const strides = (map: readonly Rgb[]): number[] => Array.from({ length: STEPS / 8 - 1 }, (_, i) => distance(map[8 * i]!, map[8 * i + 8]!));

test.each([
  ['density', DENSITY],
  ['metric', METRIC],
  ['phase', PHASE],
])('equal differences of a value look equally large: %s', (_, map) => {
  expect(map).toHaveLength(STEPS);
  const lengths = strides(map);
  expect(Math.max(...lengths) / Math.min(...lengths)).toBeLessThan(1.35);
});

test.each([
  ['density', DENSITY],
  ['metric', METRIC],
])('more is lighter, also printed in grey: %s', (_, map) => {
  const lightness = map.map((colour) => okLab(colour)[0]);
  for (let i = 4; i < STEPS; i++) expect(lightness[i]).toBeGreaterThan(lightness[i - 4]!);
  expect(lightness.at(-1)! - lightness[0]!).toBeGreaterThan(0.7);
});

test('the phase ends where it begins, and no other two angles share a colour', () => {
  expect(distance(PHASE[0]!, PHASE[STEPS - 1]!)).toBeLessThan(0.02);
  for (let i = 0; i < STEPS; i += 16) for (let j = i + 16; j < STEPS; j += 16) expect(distance(PHASE[i]!, PHASE[j]!)).toBeGreaterThan(0.03);
});
