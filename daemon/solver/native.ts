import type { Addon } from '../../kernels/native/addon.ts';
import { SPECTRAL_ARRAY, type SpectralHandle } from '../../kernels/spectral/addon.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { ComplexField } from './complex-field.ts';
import type { SncglSolver, SolverStart } from './contract.ts';
import type { GridFft } from './fft.ts';
import { DENSITY_FLOOR } from './geometry.ts';
import type { Grid } from './grid.ts';
import { referenceDensity, type SolverParameters } from '../../kernels/spectral/parameters.ts';
import { prepare } from './prepare.ts';
import type { SolverTables } from './tables.ts';

/** The C kernel: kernels/spectral. It gets the reference's own tables, so that only the arithmetic of a step is its own. */
export class NativeSolver implements SncglSolver {
  readonly backend = 'native';
  readonly kernel: string;
  readonly parameters: SolverParameters;
  readonly grid: Grid;
  readonly #addon: Addon;
  readonly #fft: GridFft;
  #handle: SpectralHandle | null;
  #steps = 0;

  /**
   * @param kernel one of the addon's that this processor can run
   * @throws RigError E_SOLVER_ARGUMENT that names the field; TypeError when there is no such kernel or no memory
   */
  constructor(addon: Addon, kernel: string, parameters: SolverParameters, start: SolverStart) {
    const { tables, spectrum, fft } = prepare(parameters, start);
    this.kernel = kernel;
    this.parameters = parameters;
    this.grid = tables.grid;
    this.#addon = addon;
    this.#fft = fft;
    this.#handle = addon.spectralOpen(kernel, parameters.N_grid, parameters.dim, numbersOf(tables), tablesOf(tables, spectrum), tables.source !== null);
  }

  get steps(): number {
    return this.#steps;
  }

  step(count: number): void {
    this.#addon.spectralStep(this.#open(), count);
    this.#steps += count;
  }

  spectrum(): ComplexField {
    return { re: this.#read('spectrumRe'), im: this.#read('spectrumIm') };
  }

  field(): ComplexField {
    const psi = this.spectrum();
    this.#fft.inverse(psi.re, psi.im);
    return psi;
  }

  omegaSquared(): Float64Array {
    if (this.#steps === 0) return new Float64Array(this.grid.points).fill(1);
    return this.#read('inverseOmegaSquared').map((value) => 1 / value);
  }

  densityRatio(): Float64Array {
    return this.#steps === 0 ? new Float64Array(this.grid.points).fill(1) : this.#read('densityRatio');
  }

  close(): void {
    if (this.#handle !== null) this.#addon.spectralClose(this.#handle);
    this.#handle = null;
  }

  #open(): SpectralHandle {
    if (this.#handle === null) throw new RigError('E_SOLVER_ARGUMENT', 'the solver is closed');
    return this.#handle;
  }

  #read(which: keyof typeof SPECTRAL_ARRAY): Float64Array {
    const out = new Float64Array(this.grid.points);
    this.#addon.spectralRead(this.#open(), SPECTRAL_ARRAY[which], out);
    return out;
  }
}

/** In the order of kernels/spectral/addon.ts. */
function numbersOf({ parameters: p, scalars: s, law }: SolverTables): Float64Array {
  const reference = referenceDensity(p);
  return Float64Array.of(s.dRe, s.dIm, s.gamma, s.damp, s.turn, s.nonlocal, p.sdg_kappa, p.sdg_eta, DENSITY_FLOOR * reference, 1 / reference, law.perReference, p.sdg_alpha, 1 / law.ceiling, 1 / law.floor, law.algebraic ? 1 : 0);
}

function tablesOf({ grid, coefficients, kernel, elliptic, source }: SolverTables, spectrum: ComplexField): Float64Array[] {
  const { n } = grid;
  const turn = (index: number): number => (2 * Math.PI * index) / n;
  const { e, e2, q, f1, f2, f3 } = coefficients;
  const fields = [e, e2, q, f1, f2, f3, spectrum, ...(source === null ? [] : [source])];
  return [
    Float64Array.from({ length: n }, (_, i) => Math.cos(turn(i))),
    Float64Array.from({ length: n }, (_, i) => Math.sin(turn(i))),
    // The first row has zero in all other directions.
    grid.mask.slice(0, n),
    grid.k[grid.dim - 1]!.slice(0, n),
    grid.kSquared,
    kernel,
    elliptic,
    ...fields.flatMap(({ re, im }) => [re, im]),
  ];
}
