import { RigError } from '../../protocol/common/errors.ts';
import { copyOf, newField, type ComplexField } from './complex-field.ts';
import type { SncglSolver, SolverStart } from './contract.ts';
import { GridFft } from './fft.ts';
import type { Grid } from './grid.ts';
import { NonlinearPart } from './nonlinear.ts';
import type { SolverParameters } from '../../kernels/spectral/parameters.ts';
import { prepare } from './prepare.ts';
import type { SolverTables } from './tables.ts';

/** The reference in TypeScript: plain loops that say what the C kernel has to do. */
export class TypescriptSolver implements SncglSolver {
  readonly backend = 'typescript';
  readonly kernel = 'typescript';
  readonly parameters: SolverParameters;
  readonly grid: Grid;
  readonly #tables: SolverTables;
  readonly #fft: GridFft;
  readonly #part: NonlinearPart;
  readonly #u: ComplexField;
  readonly #n: readonly ComplexField[];
  readonly #stages: readonly ComplexField[];
  #steps = 0;
  #closed = false;

  /** @throws RigError E_SOLVER_ARGUMENT that names the field */
  constructor(parameters: SolverParameters, start: SolverStart) {
    const { tables, spectrum, fft } = prepare(parameters, start);
    this.parameters = parameters;
    this.grid = tables.grid;
    this.#tables = tables;
    this.#fft = fft;
    this.#part = new NonlinearPart(tables, fft);
    this.#u = spectrum;
    this.#n = Array.from({ length: 4 }, () => newField(this.grid.points));
    this.#stages = Array.from({ length: 3 }, () => newField(this.grid.points));
  }

  get steps(): number {
    return this.#steps;
  }

  step(count: number): void {
    if (this.#closed) throw new RigError('E_SOLVER_ARGUMENT', 'the solver is closed');
    for (let i = 0; i < count; i++) this.#step();
    this.#steps += count;
  }

  spectrum(): ComplexField {
    return copyOf(this.#u);
  }

  field(): ComplexField {
    const psi = copyOf(this.#u);
    this.#fft.inverse(psi.re, psi.im);
    return psi;
  }

  omegaSquared(): Float64Array {
    return this.#part.inverseOmegaSquared.map((value) => 1 / value);
  }

  densityRatio(): Float64Array {
    return this.#part.densityRatio.slice();
  }

  close(): void {
    this.#closed = true;
  }

  /** One step. Stage c starts from N(u) again: c = e2 a + q (2 N(b) - N(u)). */
  #step(): void {
    const u = this.#u;
    const [nu, na, nb, nc] = this.#n as [ComplexField, ComplexField, ComplexField, ComplexField];
    const [a, b, c] = this.#stages as [ComplexField, ComplexField, ComplexField];
    this.#part.evaluate(u, nu);
    this.#stage(u, nu, null, a);
    this.#part.evaluate(a, na);
    this.#stage(u, na, null, b);
    this.#part.evaluate(b, nb);
    this.#stage(a, nb, nu, c);
    this.#part.evaluate(c, nc);
    const { e, f1, f2, f3 } = this.#tables.coefficients;
    for (let i = 0; i < this.grid.points; i++) {
      const mRe = 2 * (na.re[i]! + nb.re[i]!);
      const mIm = 2 * (na.im[i]! + nb.im[i]!);
      const re = e.re[i]! * u.re[i]! - e.im[i]! * u.im[i]! + f1.re[i]! * nu.re[i]! - f1.im[i]! * nu.im[i]! + f2.re[i]! * mRe - f2.im[i]! * mIm + f3.re[i]! * nc.re[i]! - f3.im[i]! * nc.im[i]!;
      u.im[i] = e.re[i]! * u.im[i]! + e.im[i]! * u.re[i]! + f1.re[i]! * nu.im[i]! + f1.im[i]! * nu.re[i]! + f2.re[i]! * mIm + f2.im[i]! * mRe + f3.re[i]! * nc.im[i]! + f3.im[i]! * nc.re[i]!;
      u.re[i] = re;
    }
  }

  /** out = e2 from + q N, or e2 from + q (2 N - minus). */
  #stage(from: ComplexField, n: ComplexField, minus: ComplexField | null, out: ComplexField): void {
    const { e2, q } = this.#tables.coefficients;
    for (let i = 0; i < this.grid.points; i++) {
      const nRe = minus === null ? n.re[i]! : 2 * n.re[i]! - minus.re[i]!;
      const nIm = minus === null ? n.im[i]! : 2 * n.im[i]! - minus.im[i]!;
      out.re[i] = e2.re[i]! * from.re[i]! - e2.im[i]! * from.im[i]! + q.re[i]! * nRe - q.im[i]! * nIm;
      out.im[i] = e2.re[i]! * from.im[i]! + e2.im[i]! * from.re[i]! + q.re[i]! * nIm + q.im[i]! * nRe;
    }
  }
}
