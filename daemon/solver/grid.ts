import type { ComplexField } from './complex-field.ts';
import type { SimulationParameters } from '../../kernels/spectral/parameters.ts';

/** Wave numbers of a periodic grid and the 2/3 rule's mask; index order as in GridFft. */
export interface Grid {
  readonly n: number;
  readonly dim: 2 | 3;
  readonly points: number;
  /** Distance of two points. */
  readonly dx: number;
  /** Wave number of each mode in each direction, zero at the Nyquist mode: an odd derivative has no value there. */
  readonly k: readonly Float64Array[];
  /** Squared length of the wave vector of each mode, Nyquist included. */
  readonly kSquared: Float64Array;
  /** 1 where a mode is kept (|n| < N/3 in every direction, the 2/3 rule), else 0. */
  readonly mask: Float64Array;
}

/** @param parameters that `checkParameters` has passed */
export function makeGrid({ N_grid: n, L_domain, dim }: Pick<SimulationParameters, 'N_grid' | 'L_domain' | 'dim'>): Grid {
  const points = n ** dim;
  const unit = (2 * Math.PI) / L_domain;
  const k = Array.from({ length: dim }, () => new Float64Array(points));
  const kSquared = new Float64Array(points);
  const mask = new Float64Array(points).fill(1);
  const keep = Math.floor((n - 1) / 3);
  for (let i = 0; i < points; i++) {
    for (let axis = dim - 1, rest = i; axis >= 0; axis--, rest = Math.floor(rest / n)) {
      const index = rest % n;
      const mode = index <= n / 2 ? index : index - n;
      k[axis]![i] = Math.abs(mode) === n / 2 ? 0 : unit * mode;
      kSquared[i]! += (unit * mode) ** 2;
      if (Math.abs(mode) > keep) mask[i] = 0;
    }
  }
  return { n, dim, points, dx: L_domain / n, k, kSquared, mask };
}

/** Sets the modes that the 2/3 rule does not keep to zero. */
export function dealias({ re, im }: ComplexField, { mask }: Grid): void {
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] !== 0) continue;
    re[i] = 0;
    im[i] = 0;
  }
}
