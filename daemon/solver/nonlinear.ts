import { newField, type ComplexField } from './complex-field.ts';
import type { GridFft } from './fft.ts';
import { energySource, TwinFilter } from './geometry.ts';
import { dealias, type Grid } from './grid.ts';
import type { SolverTables } from './tables.ts';

/**
 * Everything of the field equation that is not L = eps - gamma D k^2, with the geometry recomputed from the field it is
 * given: D (Omega^-2 - gamma) lap A - lambda (b3 + i c3) rho A - g_nl (K * rho) A + S, and in three dimensions the first-derivative
 * term of the conformal Laplacian, -1/2 D grad(Omega^-2) . grad A. In two dimensions that term is exactly zero.
 */
export class NonlinearPart {
  /** Omega^-2 and rho_s / rho_vac of the last evaluation. */
  readonly inverseOmegaSquared: Float64Array;
  readonly densityRatio: Float64Array;
  readonly #tables: SolverTables;
  readonly #grid: Grid;
  readonly #fft: GridFft;
  readonly #filter: TwinFilter;
  readonly #psi: ComplexField;
  readonly #gradient: readonly ComplexField[];
  readonly #laplacian: ComplexField;
  readonly #pair: ComplexField;
  readonly #slope: ComplexField;
  readonly #rho: Float64Array;

  constructor(tables: SolverTables, fft: GridFft) {
    const { grid } = tables;
    this.#tables = tables;
    this.#grid = grid;
    this.#fft = fft;
    this.#filter = new TwinFilter(fft, grid, tables.kernel, tables.elliptic);
    this.#psi = newField(grid.points);
    this.#gradient = grid.k.map(() => newField(grid.points));
    this.#laplacian = newField(grid.points);
    this.#pair = newField(grid.points);
    this.#slope = newField(grid.points);
    this.#rho = new Float64Array(grid.points);
    this.inverseOmegaSquared = new Float64Array(grid.points).fill(1);
    this.densityRatio = new Float64Array(grid.points).fill(1);
  }

  /** @param spectrum the field as wave numbers @param out gets the result as wave numbers, dealiased */
  evaluate(spectrum: ComplexField, out: ComplexField): void {
    const { points } = this.#grid;
    this.#toPositions(spectrum);
    const rho = this.#rho;
    for (let i = 0; i < points; i++) rho[i] = this.#psi.re[i]! ** 2 + this.#psi.im[i]! ** 2;
    this.#pair.re.set(rho);
    energySource(this.#tables.parameters, this.#psi, this.#gradient, rho, this.#pair.im);
    const filtered = this.#filter.apply(this.#pair);
    this.#shape(filtered.im);
    this.#combine(filtered.re, out);
    if (this.#grid.dim === 3) this.#addSlopeTerm(out);
    this.#fft.forward(out.re, out.im);
    dealias(out, this.#grid);
    const source = this.#tables.source;
    if (source === null) return;
    for (let i = 0; i < points; i++) {
      out.re[i]! += source.re[i]!;
      out.im[i]! += source.im[i]!;
    }
  }

  /** Field, gradient and Laplacian at the grid's points. */
  #toPositions({ re, im }: ComplexField): void {
    const { k, kSquared, points } = this.#grid;
    this.#psi.re.set(re);
    this.#psi.im.set(im);
    this.#fft.inverse(this.#psi.re, this.#psi.im);
    k.forEach((wave, axis) => {
      const g = this.#gradient[axis]!;
      for (let i = 0; i < points; i++) {
        g.re[i] = -wave[i]! * im[i]!;
        g.im[i] = wave[i]! * re[i]!;
      }
      this.#fft.inverse(g.re, g.im);
    });
    const lap = this.#laplacian;
    for (let i = 0; i < points; i++) {
      lap.re[i] = -kSquared[i]! * re[i]!;
      lap.im[i] = -kSquared[i]! * im[i]!;
    }
    this.#fft.inverse(lap.re, lap.im);
  }

  #shape(excess: Float64Array): void {
    const { law } = this.#tables;
    for (let i = 0; i < excess.length; i++) {
      const ratio = law.ratio(excess[i]!, this.#rho[i]!);
      this.densityRatio[i] = ratio;
      this.inverseOmegaSquared[i] = law.inverseOmegaSquared(ratio);
    }
  }

  #combine(smoothed: Float64Array, out: ComplexField): void {
    const { dRe, dIm, gamma, damp: damping, turn: turning, nonlocal } = this.#tables.scalars;
    for (let i = 0; i < smoothed.length; i++) {
      const stretch = this.inverseOmegaSquared[i]! - gamma;
      const re = this.#psi.re[i]!;
      const im = this.#psi.im[i]!;
      const lapRe = this.#laplacian.re[i]! * stretch;
      const lapIm = this.#laplacian.im[i]! * stretch;
      const damp = damping * this.#rho[i]! + nonlocal * smoothed[i]!;
      const turn = turning * this.#rho[i]!;
      out.re[i] = dRe * lapRe - dIm * lapIm - damp * re + turn * im;
      out.im[i] = dRe * lapIm + dIm * lapRe - damp * im - turn * re;
    }
  }

  #addSlopeTerm(out: ComplexField): void {
    const { k, points } = this.#grid;
    const { dRe, dIm } = this.#tables.scalars;
    // Nobody needs the Laplacian any more.
    const w = this.#laplacian;
    w.re.set(this.inverseOmegaSquared);
    w.im.fill(0);
    this.#fft.forward(w.re, w.im);
    k.forEach((wave, axis) => {
      const s = this.#slope;
      for (let i = 0; i < points; i++) {
        s.re[i] = -wave[i]! * w.im[i]!;
        s.im[i] = wave[i]! * w.re[i]!;
      }
      this.#fft.inverse(s.re, s.im);
      const g = this.#gradient[axis]!;
      for (let i = 0; i < points; i++) {
        const half = -0.5 * s.re[i]!;
        out.re[i]! += half * (dRe * g.re[i]! - dIm * g.im[i]!);
        out.im[i]! += half * (dRe * g.im[i]! + dIm * g.re[i]!);
      }
    });
  }
}
