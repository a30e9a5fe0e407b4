/**
 * Complex fast Fourier transform of power-of-two length, in place, on separate arrays of real and imaginary parts.
 * Forward: X[k] = sum x[n] e^(-2 pi i k n / N); inverse: the conjugate sum divided by N.
 */
import { RigError } from '../../protocol/common/errors.ts';
import { newField, type ComplexField } from './complex-field.ts';

/** Twiddle factors and bit reversal of one length. */
export class FftPlan {
  readonly length: number;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #reversed: Uint32Array;

  /** @throws RigError E_SOLVER_ARGUMENT unless `length` is a power of two, 2 at least */
  constructor(length: number) {
    if (!Number.isInteger(length) || length < 2 || (length & (length - 1)) !== 0) throw new RigError('E_SOLVER_ARGUMENT', `FFT length ${length} is not a power of two of 2 or more`);
    this.length = length;
    this.#cos = new Float64Array(length / 2);
    this.#sin = new Float64Array(length / 2);
    for (let k = 0; k < length / 2; k++) {
      this.#cos[k] = Math.cos((2 * Math.PI * k) / length);
      this.#sin[k] = Math.sin((2 * Math.PI * k) / length);
    }
    this.#reversed = new Uint32Array(length);
    const bits = Math.log2(length);
    for (let i = 0; i < length; i++) for (let b = 0; b < bits; b++) this.#reversed[i]! |= ((i >> b) & 1) << (bits - 1 - b);
  }

  /**
   * Transforms `length` values that begin at `offset` and stand `stride` apart.
   * @param sign -1 forward, +1 inverse without the division
   */
  transform(re: Float64Array, im: Float64Array, offset: number, stride: number, sign: 1 | -1): void {
    const n = this.length;
    for (let i = 0; i < n; i++) {
      const j = this.#reversed[i]!;
      if (j <= i) continue;
      const a = offset + i * stride;
      const b = offset + j * stride;
      const r = re[a]!;
      re[a] = re[b]!;
      re[b] = r;
      const m = im[a]!;
      im[a] = im[b]!;
      im[b] = m;
    }
    for (let half = 1; half < n; half *= 2) {
      const step = n / (2 * half);
      for (let k = 0; k < half; k++) {
        const c = this.#cos[k * step]!;
        const s = sign * this.#sin[k * step]!;
        for (let start = k; start < n; start += 2 * half) {
          const a = offset + start * stride;
          const b = a + half * stride;
          const tr = re[b]! * c - im[b]! * s;
          const ti = re[b]! * s + im[b]! * c;
          re[b] = re[a]! - tr;
          im[b] = im[a]! - ti;
          re[a] = re[a]! + tr;
          im[a] = im[a]! + ti;
        }
      }
    }
  }
}

/** Lines copied at once: doubles in a line of the cache. */
const BESIDE = 8;

/** Transforms of a periodic field on a grid of N points in each of 2 or 3 directions; the last index runs fastest. */
export class GridFft {
  readonly size: number;
  readonly points: number;
  readonly #n: number;
  readonly #dim: 2 | 3;
  readonly #plan: FftPlan;
  readonly #lines: ComplexField;

  constructor(n: number, dim: 2 | 3) {
    this.#n = n;
    this.#dim = dim;
    this.size = n;
    this.points = n ** dim;
    this.#plan = new FftPlan(n);
    this.#lines = newField(n * BESIDE);
  }

  /** To wave numbers, in place. */
  forward(re: Float64Array, im: Float64Array): void {
    this.#all(re, im, -1);
  }

  /** Back to positions, in place. */
  inverse(re: Float64Array, im: Float64Array): void {
    this.#all(re, im, 1);
    const scale = 1 / this.points;
    for (let i = 0; i < this.points; i++) {
      re[i]! *= scale;
      im[i]! *= scale;
    }
  }

  #all(re: Float64Array, im: Float64Array, sign: 1 | -1): void {
    const n = this.#n;
    for (let axis = 0, stride = this.points / n; axis < this.#dim; axis++, stride /= n) {
      for (let outer = 0; outer < this.points; outer += stride * n) {
        if (stride === 1) this.#plan.transform(re, im, outer, 1, sign);
        else for (let inner = 0; inner < stride; inner += BESIDE) this.#beside(re, im, outer + inner, stride, Math.min(BESIDE, stride - inner), sign);
      }
    }
  }

  /** Transforms `count` lines that begin side by side, each copied out and back: in place, a large grid's lines push each other out of the cache. */
  #beside(re: Float64Array, im: Float64Array, offset: number, stride: number, count: number, sign: 1 | -1): void {
    const n = this.#n;
    const { re: lineRe, im: lineIm } = this.#lines;
    for (let i = 0; i < n; i++) {
      for (let line = 0, from = offset + i * stride; line < count; line++, from++) {
        lineRe[line * n + i] = re[from]!;
        lineIm[line * n + i] = im[from]!;
      }
    }
    for (let line = 0; line < count; line++) this.#plan.transform(lineRe, lineIm, line * n, 1, sign);
    for (let i = 0; i < n; i++) {
      for (let line = 0, to = offset + i * stride; line < count; line++, to++) {
        re[to] = lineRe[line * n + i]!;
        im[to] = lineIm[line * n + i]!;
      }
    }
  }
}
