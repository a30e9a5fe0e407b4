import { FftPlan } from '../../solver/fft.ts';
import type { Ray } from './rays.ts';

/** A line in a ray's spectrum. */
export interface Peak {
  /** Wave number, 2 pi over the wave length. */
  readonly k: number;
  /** Power, in units of the strongest peak. */
  readonly power: number;
}

const ZERO_PAD = 4;
const LEAST_POWER = 0.05;
const LEAST_DISTANCE_BINS = 1;
/** Below it the window's main lobe around zero is all there is. */
const LEAST_BIN = 0.9;
const MOST_PEAKS = 8;

/**
 * Peaks of rays of one length: Hann window, zero-padded four times, power; local maxima of 5 % of the greatest or more, a
 * bin apart or more, the eight strongest, each placed between the bins by a parabola through the logarithms.
 */
export class PeakFinder {
  readonly #n: number;
  readonly #window: Float64Array;
  readonly #windowSum: number;
  readonly #plan: FftPlan;
  readonly #re: Float64Array;
  readonly #im: Float64Array;
  readonly #power: Float64Array;

  /** @param n samples of a ray, a power of two */
  constructor(n: number) {
    this.#n = n;
    this.#window = Float64Array.from({ length: n }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n));
    this.#windowSum = this.#window.reduce((sum, value) => sum + value, 0);
    this.#plan = new FftPlan(ZERO_PAD * n);
    this.#re = new Float64Array(ZERO_PAD * n);
    this.#im = new Float64Array(ZERO_PAD * n);
    this.#power = new Float64Array((ZERO_PAD * n) / 2 + 1);
  }

  /** In increasing k; empty for a ray without any structure. */
  find({ values, spacing }: Ray): Peak[] {
    this.#transform(values);
    const power = this.#power;
    const first = Math.ceil(LEAST_BIN * ZERO_PAD);
    const maxima: number[] = [];
    let greatest = 0;
    for (let i = first; i < power.length - 1; i++) {
      if (!(power[i]! > power[i - 1]! && power[i]! >= power[i + 1]!)) continue;
      maxima.push(i);
      greatest = Math.max(greatest, power[i]!);
    }
    const taken: number[] = [];
    for (const i of maxima.sort((a, b) => power[b]! - power[a]! || a - b)) {
      if (taken.length === MOST_PEAKS || power[i]! < LEAST_POWER * greatest) break;
      if (taken.every((other) => Math.abs(other - i) >= LEAST_DISTANCE_BINS * ZERO_PAD)) taken.push(i);
    }
    const unit = (2 * Math.PI) / (ZERO_PAD * this.#n * spacing);
    return taken.sort((a, b) => a - b).map((i) => ({ k: unit * (i + this.#between(i)), power: power[i]! / greatest }));
  }

  /** The mean is taken with the window's weights: only then nothing of it leaks into the first bins. */
  #transform(values: Float64Array): void {
    let mean = 0;
    let least = Infinity;
    let most = -Infinity;
    for (let i = 0; i < this.#n; i++) {
      mean += this.#window[i]! * values[i]!;
      least = Math.min(least, values[i]!);
      most = Math.max(most, values[i]!);
    }
    mean /= this.#windowSum;
    this.#re.fill(0);
    this.#im.fill(0);
    // What rounding leaves of a level ray is no structure.
    const isLevel = !(most - least > 1e-12 * Math.max(Math.abs(most), Math.abs(least)));
    if (!isLevel) for (let i = 0; i < this.#n; i++) this.#re[i] = this.#window[i]! * (values[i]! - mean);
    this.#plan.transform(this.#re, this.#im, 0, 1, -1);
    for (let i = 0; i < this.#power.length; i++) this.#power[i] = this.#re[i]! ** 2 + this.#im[i]! ** 2;
  }

  /** Where between its neighbours a maximum is, -1/2 to 1/2. */
  #between(i: number): number {
    const [left, middle, right] = [this.#power[i - 1]!, this.#power[i]!, this.#power[i + 1]!].map((value) => Math.log(value + 1e-300)) as [number, number, number];
    const bend = left - 2 * middle + right;
    return bend < 0 ? Math.max(-0.5, Math.min(0.5, (left - right) / (2 * bend))) : 0;
  }
}
