import { newField, type ComplexField } from './complex-field.ts';
import type { GridFft } from './fft.ts';
import { dealias, type Grid } from './grid.ts';
import type { InitialState } from '../../kernels/spectral/parameters.ts';
import { SeededRandom } from './random.ts';

/**
 * The field at the start, as wave numbers, dealiased. `noise`: 0.1 (N(0,1) + i N(0,1)) at every point. `gaussian`: a bump
 * of a tenth of the box in the middle, with a hundredth of noise.
 */
export function initialField(kind: InitialState, seed: number, grid: Grid, fft: GridFft): ComplexField {
  const random = new SeededRandom(seed);
  const field = newField(grid.points);
  const amplitude = kind === 'noise' ? 0.1 : 0.01;
  for (let i = 0; i < grid.points; i++) {
    field.re[i] = amplitude * random.normal() + (kind === 'gaussian' ? bump(i, grid) : 0);
    field.im[i] = amplitude * random.normal();
  }
  fft.forward(field.re, field.im);
  dealias(field, grid);
  return field;
}

/** exp(-r^2 / 2 w^2), w a tenth of the box, r from its middle. */
function bump(index: number, { n, dim }: Grid): number {
  let sum = 0;
  for (let axis = 0, rest = index; axis < dim; axis++, rest = Math.floor(rest / n)) sum += (((rest % n) - n / 2) / (n / 10)) ** 2;
  return Math.exp(-sum / 2);
}
