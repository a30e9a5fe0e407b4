/** Straight lines through a periodic field: what the log-prime score listens to. */

/** A field's values at the points of a periodic grid of n points in each of `dim` directions; the last index runs fastest. */
export interface RealField {
  readonly values: Float64Array;
  readonly n: number;
  readonly dim: 2 | 3;
}

export interface Ray {
  readonly values: Float64Array;
  /** Distance of two samples. */
  readonly spacing: number;
}

export const RAYS = 64;

/** Rows, columns and diagonals, in the order of the axes (slowest first); of a direction and its opposite only one. */
const DIRECTIONS = {
  2: [[0, 1], [1, 0], [1, 1], [1, -1]],
  3: [[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 1], [0, 1, -1], [1, 0, 1], [1, 0, -1], [1, 1, 0], [1, -1, 0], [1, 1, 1], [1, 1, -1], [1, -1, 1], [1, -1, -1]],
} as const;

/**
 * 64 rays of n samples each, spread over the box, diagonals wrapped. They are counted from the point where the field is
 * greatest, so that a field shifted by whole points has the same rays: the window along a ray would else tell them apart.
 * @param dx distance of two points of the grid
 */
export function raysOf(field: RealField, dx: number): Ray[] {
  const { n, dim } = field;
  const origin = positionOf(indexOfGreatest(field.values), n, dim);
  const directions: readonly (readonly number[])[] = DIRECTIONS[dim];
  return Array.from({ length: RAYS }, (_, ray) => {
    const direction = directions[ray % directions.length]!;
    const start = startOf(Math.floor(ray / directions.length), Math.ceil((RAYS - (ray % directions.length)) / directions.length), direction, n);
    const values = new Float64Array(n);
    for (let s = 0; s < n; s++) {
      let index = 0;
      for (let axis = 0; axis < dim; axis++) index = index * n + wrap(origin[axis]! + start[axis]! + s * direction[axis]!, n);
      values[s] = field.values[index]!;
    }
    return { values, spacing: dx * Math.hypot(...direction) };
  });
}

/** Start of the `which`-th of `count` parallel rays, on the side of the box that the direction leaves at every step. */
function startOf(which: number, count: number, direction: readonly number[], n: number): number[] {
  const along = direction.findIndex((step) => step !== 0);
  let across = 0;
  return direction.map((_, axis) => {
    if (axis === along) return 0;
    // The second direction across takes another step, so that the rays of a cube lie on a lattice and not on a plane.
    const step = across++ === 0 ? which : (which * 2) % count;
    return Math.floor((step * n) / count);
  });
}

const wrap = (index: number, n: number): number => ((index % n) + n) % n;

function positionOf(index: number, n: number, dim: 2 | 3): number[] {
  const position: number[] = [];
  for (let axis = 0, rest = index; axis < dim; axis++, rest = Math.floor(rest / n)) position.unshift(rest % n);
  return position;
}

function indexOfGreatest(values: Float64Array): number {
  let greatest = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[greatest]!) greatest = i;
  return greatest;
}
