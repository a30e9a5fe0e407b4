/** Values to pixels. */
import { STEPS, type Rgb } from './colour-maps.ts';

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Of the finite values; null when there is none. */
export function rangeOf(values: Float32Array): Range | null {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? { low, high } : null;
}

/** RGBA, row by row. What is not finite stays transparent: it is no value. */
export function pixelsOf(values: Float32Array, { low, high }: Range, map: readonly Rgb[]): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * values.length);
  const scale = high > low ? (STEPS - 1) / (high - low) : 0;
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) return;
    const step = Math.min(STEPS - 1, Math.max(0, Math.round((value - low) * scale)));
    pixels.set(map[step]!, 4 * i);
    pixels[4 * i + 3] = 255;
  });
  return pixels;
}

/** A round length (1, 2 or 5 times a power of ten) of about a quarter of the box. */
export function scaleBar(boxLength: number): number {
  const wanted = boxLength / 4;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const best = [1, 2, 5, 10].map((step) => step * power).filter((length) => length <= wanted * 1.25);
  return best.at(-1) ?? power;
}
