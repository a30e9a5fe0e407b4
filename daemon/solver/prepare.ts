import { RigError } from '../../protocol/common/errors.ts';
import { copyOf, type ComplexField } from './complex-field.ts';
import type { SolverStart } from './contract.ts';
import { GridFft } from './fft.ts';
import { dealias } from './grid.ts';
import { initialField } from './initial.ts';
import { checkParameters, type SolverParameters } from '../../kernels/spectral/parameters.ts';
import { makeTables, type SolverTables } from './tables.ts';

/**
 * What every backend starts from: tables, the transform and the field as wave numbers. In TypeScript for all of them, so that the
 * same seed gives the same bytes.
 * @throws RigError E_SOLVER_ARGUMENT that names the field
 */
export function prepare(parameters: SolverParameters, start: SolverStart): { readonly tables: SolverTables; readonly fft: GridFft; readonly spectrum: ComplexField } {
  checkParameters(parameters);
  if (!Number.isSafeInteger(start.seed) || start.seed < 0) throw new RigError('E_SOLVER_ARGUMENT', `seed: must be a whole number from 0 to 2^53 - 1 (it is ${start.seed})`, { context: { field: 'seed' } });
  const fft = new GridFft(parameters.N_grid, parameters.dim);
  const without = makeTables(parameters, null);
  const toModes = (name: string, field: ComplexField): ComplexField => {
    if (field.re.length !== fft.points || field.im.length !== fft.points) throw new RigError('E_SOLVER_ARGUMENT', `${name}: must have ${fft.points} points (it has ${field.re.length} and ${field.im.length})`, { context: { field: name } });
    const modes = copyOf(field);
    fft.forward(modes.re, modes.im);
    dealias(modes, without.grid);
    return modes;
  };
  const tables = start.source === undefined ? without : { ...without, source: toModes('source', start.source) };
  const spectrum = start.field === undefined ? initialField(parameters.initial, start.seed, tables.grid, fft) : toModes('field', start.field);
  return { tables, fft, spectrum };
}
