import { expect, test } from 'vitest';
import { DENSITY } from './colour-maps.ts';
import { pixelsOf, rangeOf, scaleBar } from './draw.ts';

test('the least value has the first colour, the greatest the last, what is no number none', () => {
  const values = Float32Array.of(1, 3, NaN, 2, Infinity);
  expect(rangeOf(values)).toEqual({ low: 1, high: 3 });
  const pixels = pixelsOf(values, { low: 1, high: 3 }, DENSITY);
  expect([...pixels.slice(0, 4)]).toEqual([...DENSITY[0]!, 255]);
  expect([...pixels.slice(4, 8)]).toEqual([...DENSITY[255]!, 255]);
  expect([...pixels.slice(8, 12)]).toEqual([0, 0, 0, 0]);
  expect(pixels[19]).toBe(0);
});

test('an even field has one colour, one without numbers has no range', () => {
  expect(pixelsOf(Float32Array.of(5, 5), { low: 5, high: 5 }, DENSITY).slice(0, 3)).toEqual(Uint8ClampedArray.from(DENSITY[0]!));
  expect(rangeOf(Float32Array.of(NaN))).toBeNull();
});

test('the bar has a round length of about a quarter of the box', () => {
  expect([20, 1, 7, 0.3, 1000].map((box) => Number(scaleBar(box).toPrecision(3)))).toEqual([5, 0.2, 2, 0.05, 200]);
});
