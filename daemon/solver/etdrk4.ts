/**
 * Coefficients of the exponential time-differencing Runge-Kutta scheme of fourth order (Cox and Matthews 2002) for a
 * diagonal linear part, each by the mean over a circle in the complex plane around L dt (Kassam and Trefethen 2005).
 * L is complex here, so the whole circle is needed and no real part may be taken.
 */
import { newField, type ComplexField } from './complex-field.ts';
import type { Grid } from './grid.ts';

/** One complex number per mode each. */
export interface Etdrk4 {
  /** exp(L dt) */
  readonly e: ComplexField;
  /** exp(L dt / 2) */
  readonly e2: ComplexField;
  readonly q: ComplexField;
  readonly f1: ComplexField;
  readonly f2: ComplexField;
  readonly f3: ComplexField;
}

/** Points on the circle; the mean converges like 1 / CIRCLE!, so 32 is exact in double precision. */
const CIRCLE = 32;

export type Complex = readonly [number, number];
const mul = (a: Complex, b: Complex): Complex => [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]];
const div = (a: Complex, b: Complex): Complex => {
  const s = b[0] * b[0] + b[1] * b[1];
  return [(a[0] * b[0] + a[1] * b[1]) / s, (a[1] * b[0] - a[0] * b[1]) / s];
};
const exp = ([x, y]: Complex): Complex => [Math.exp(x) * Math.cos(y), Math.exp(x) * Math.sin(y)];

/**
 * The coefficients of every mode the mask keeps, zero for the others. Modes of the same k^2 grow alike, so each k^2 is worked out once.
 * @param growth the linear growth rate L = [real, imaginary] of a squared wave number
 */
export function etdrk4({ kSquared, mask, points }: Pick<Grid, 'kSquared' | 'mask' | 'points'>, growth: (kSquared: number) => Complex, dt: number): Etdrk4 {
  const out = { e: newField(points), e2: newField(points), q: newField(points), f1: newField(points), f2: newField(points), f3: newField(points) };
  const names = Object.keys(out) as (keyof Etdrk4)[];
  const known = new Map<number, number>();
  for (let i = 0; i < points; i++) {
    if (mask[i] === 0) continue;
    const like = known.get(kSquared[i]!);
    if (like === undefined) {
      known.set(kSquared[i]!, i);
      const [re, im] = growth(kSquared[i]!);
      const mode = coefficients([re * dt, im * dt], dt);
      names.forEach((name) => ([out[name].re[i], out[name].im[i]] = mode[name]));
    } else {
      for (const name of names) {
        out[name].re[i] = out[name].re[like]!;
        out[name].im[i] = out[name].im[like]!;
      }
    }
  }
  return out;
}

const circle = Array.from({ length: CIRCLE }, (_, j): Complex => exp([0, (2 * Math.PI * (j + 0.5)) / CIRCLE]));

/** Of one mode. @param z L dt */
function coefficients(z: Complex, dt: number): Record<keyof Etdrk4, Complex> {
  const sums = { q: [0, 0], f1: [0, 0], f2: [0, 0], f3: [0, 0] } satisfies Record<string, [number, number]>;
  for (const around of circle) {
    const r: Complex = [z[0] + around[0], z[1] + around[1]];
    const e = exp(r);
    const half = exp([r[0] / 2, r[1] / 2]);
    const r2 = mul(r, r);
    const r3 = mul(r2, r);
    add(sums.q, div([half[0] - 1, half[1]], r), dt);
    // f1 = (-4 - r + e (4 - 3r + r^2)) / r^3, f2 = (2 + r + e (r - 2)) / r^3, f3 = (-4 - 3r - r^2 + e (4 - r)) / r^3
    const p1 = mul(e, [4 - 3 * r[0] + r2[0], -3 * r[1] + r2[1]]);
    add(sums.f1, div([p1[0] - 4 - r[0], p1[1] - r[1]], r3), dt);
    const p2 = mul(e, [r[0] - 2, r[1]]);
    add(sums.f2, div([p2[0] + 2 + r[0], p2[1] + r[1]], r3), dt);
    const p3 = mul(e, [4 - r[0], -r[1]]);
    add(sums.f3, div([p3[0] - 4 - 3 * r[0] - r2[0], p3[1] - 3 * r[1] - r2[1]], r3), dt);
  }
  return { e: exp(z), e2: exp([z[0] / 2, z[1] / 2]), ...(sums as Record<'q' | 'f1' | 'f2' | 'f3', Complex>) };
}

function add(sum: number[], [re, im]: Complex, dt: number): void {
  sum[0]! += (re * dt) / CIRCLE;
  sum[1]! += (im * dt) / CIRCLE;
}
