import { newField, type ComplexField } from './complex-field.ts';
import type { GridFft } from './fft.ts';
import type { Grid } from './grid.ts';
import { referenceDensity, type SolverParameters } from '../../kernels/spectral/parameters.ts';

/** delta over rho_ref: what keeps T_00 finite where the field is zero. */
export const DENSITY_FLOOR = 1e-6;

/** The informational energy density over the reference density: T_00 / rho_ref with T_00 = (kappa |J|^2 + eta |R|^2) / (rho + delta). */
export function energySource(p: SolverParameters, psi: ComplexField, gradient: readonly ComplexField[], rho: Float64Array, out: Float64Array): void {
  const reference = referenceDensity(p);
  const delta = DENSITY_FLOOR * reference;
  for (let i = 0; i < out.length; i++) {
    let current = 0;
    let slope = 0;
    for (const g of gradient) {
      // J = Im(psi* grad psi) = rho grad(phase), R = Re(psi* grad psi): no phase is ever unwrapped.
      const j = psi.re[i]! * g.im[i]! - psi.im[i]! * g.re[i]!;
      const r = psi.re[i]! * g.re[i]! + psi.im[i]! * g.im[i]!;
      current += j * j;
      slope += r * r;
    }
    out[i] = (p.sdg_kappa * current + p.sdg_eta * slope) / (rho[i]! + delta) / reference;
  }
}

/** The law of the metric: how the density of the geometry bends the Laplacian, and within which bounds. */
export class GeometryLaw {
  /** The least and the greatest Omega^2 there can be; both exactly 1 in flat space. */
  readonly floor: number;
  readonly ceiling: number;
  /** rho_s / rho_vac is 1 + the solution of the elliptic equation, or (`algebraic`) the density times `perReference`. */
  readonly algebraic: boolean;
  readonly perReference: number;
  readonly #alpha: number;

  constructor(p: SolverParameters) {
    this.#alpha = p.sdg_alpha;
    this.floor = p.sdg_alpha === 0 ? 1 : p.sdg_omega_sq_min;
    // The screened equation keeps rho_s >= rho_vac by itself. The Poisson form has densities below the vacuum's as well.
    this.ceiling = p.sdg_alpha !== 0 && p.sdg_solver === 'poisson' ? 1 / p.sdg_omega_sq_min : 1;
    this.algebraic = p.sdg_solver === 'algebraic';
    this.perReference = 1 / (referenceDensity(p) * p.sdg_rho_vac);
  }

  /** rho_s / rho_vac at a point. @param excess the solution of the elliptic equation there @param rho the density |A|^2 */
  ratio(excess: number, rho: number): number {
    return this.algebraic ? rho * this.perReference : 1 + excess;
  }

  /** Omega^-2 = (rho_s / rho_vac)^alpha within its bounds. */
  inverseOmegaSquared(ratio: number): number {
    return ratio > 0 ? Math.min(1 / this.floor, Math.max(1 / this.ceiling, ratio ** this.#alpha)) : 1 / this.ceiling;
  }
}

/** Per mode: 1 / (m^2 + k^2), the elliptic equation solved; 0 at k = 0 for `poisson`, whose mean has no solution. */
export function ellipticInverse(p: SolverParameters, grid: Grid): Float64Array {
  const mass = p.sdg_solver === 'poisson' ? 0 : p.sdg_mass_sq;
  return grid.kSquared.map((k2) => (mass + k2 === 0 ? 0 : 1 / (mass + k2)));
}

/**
 * Two real fields through two real, symmetric filters with one transform each way: the first stands in the real part,
 * the second in the imaginary part, and each mode and its mirror tell them apart.
 */
export class TwinFilter {
  readonly #fft: GridFft;
  readonly #mirror: Uint32Array;
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  readonly #out: ComplexField;

  constructor(fft: GridFft, grid: Grid, first: Float64Array, second: Float64Array) {
    this.#fft = fft;
    this.#first = first;
    this.#second = second;
    this.#out = newField(grid.points);
    this.#mirror = new Uint32Array(grid.points);
    for (let i = 0; i < grid.points; i++) {
      let mirror = 0;
      for (let axis = 0, rest = i, unit = 1; axis < grid.dim; axis++, rest = Math.floor(rest / grid.n), unit *= grid.n) mirror += ((grid.n - (rest % grid.n)) % grid.n) * unit;
      this.#mirror[i] = mirror;
    }
  }

  /** `field.re` and `field.im` are filtered; the result, valid until the next call, has the first in `re`, the second in `im`. */
  apply(field: ComplexField): ComplexField {
    const { re, im } = field;
    const out = this.#out;
    this.#fft.forward(re, im);
    for (let i = 0; i < re.length; i++) {
      const m = this.#mirror[i]!;
      const sumRe = (re[i]! + re[m]!) / 2;
      const sumIm = (im[i]! - im[m]!) / 2;
      const difRe = (re[i]! - re[m]!) / 2;
      const difIm = (im[i]! + im[m]!) / 2;
      out.re[i] = this.#first[i]! * sumRe + this.#second[i]! * difRe;
      out.im[i] = this.#first[i]! * sumIm + this.#second[i]! * difIm;
    }
    this.#fft.inverse(out.re, out.im);
    return out;
  }
}
