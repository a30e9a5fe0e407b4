/** Events of a field: the points of the grid that stand out. */
import type { ComplexField } from '../../solver/complex-field.ts';
import type { Point } from './torus.ts';

export interface FieldEvent {
  /** Place in grid cells: index along the first (slowest), second and third axis; z is 0 in two dimensions. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Step of the run the field is of; null = not known. */
  readonly t_step: number | null;
  /** Density |A|^2 there. */
  readonly magnitude: number | null;
  /** arg A, -pi to pi. */
  readonly phase: number | null;
}

export interface FieldEvents {
  /** Brightest first. */
  readonly events: readonly FieldEvent[];
  /** Density above which a point is an event. */
  readonly threshold: number;
  /** The same in standard deviations of the density above its mean; null for a level field. */
  readonly sigmas: number | null;
  readonly mean: number;
  readonly sigma: number;
}

export const EVENT_SIGMAS = 3;

/** @param threshold density; default: mean + 3 standard deviations. A level field has no events at the default. */
export function eventsOf(psi: ComplexField, n: number, dim: 2 | 3, tStep: number | null, threshold?: number): FieldEvents {
  const rho = densityOf(psi);
  const mean = rho.reduce((sum, value) => sum + value, 0) / rho.length;
  const sigma = Math.sqrt(rho.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rho.length);
  // What rounding makes of a level field is no structure.
  const isLevel = !(sigma > 1e-12 * mean);
  const level = threshold ?? (isLevel ? mean * (1 + 1e-9) : mean + EVENT_SIGMAS * sigma);
  const events: FieldEvent[] = [];
  for (let p = 0; p < rho.length; p++) {
    if (!(rho[p]! > level)) continue;
    const place = Array.from({ length: dim }, (_, axis) => Math.floor(p / n ** (dim - 1 - axis)) % n);
    events.push({ x: place[0]!, y: place[1]!, z: place[2] ?? 0, t_step: tStep, magnitude: rho[p]!, phase: Math.atan2(psi.im[p]!, psi.re[p]!) });
  }
  return { events: events.sort((a, b) => b.magnitude! - a.magnitude!), threshold: level, sigmas: isLevel ? null : (level - mean) / sigma, mean, sigma };
}

export const densityOf = ({ re, im }: ComplexField): Float64Array => re.map((value, i) => value ** 2 + im[i]! ** 2);

export const pointOf = ({ x, y, z }: FieldEvent): Point => [x, y, z];
