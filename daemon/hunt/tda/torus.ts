/** A point in grid cells: two or three coordinates. */
export type Point = readonly number[];

/**
 * Distance in a periodic box: in each direction the shorter way round, sqrt(sum min(|d|, period - |d|)^2).
 * @param period length of the box in every direction, in the points' unit; null = open space
 */
export function torusDistance(a: Point, b: Point, period: number | null): number {
  let squared = 0;
  for (let axis = 0; axis < a.length; axis++) {
    let d = Math.abs(a[axis]! - b[axis]!);
    if (period !== null) {
      d %= period;
      d = Math.min(d, period - d);
    }
    squared += d * d;
  }
  return Math.sqrt(squared);
}

/** All distances, row by row. */
export function distanceMatrix(points: readonly Point[], period: number | null): Float64Array {
  const n = points.length;
  const distances = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const d = torusDistance(points[i]!, points[j]!, period);
      distances[i * n + j] = d;
      distances[j * n + i] = d;
    }
  }
  return distances;
}

/**
 * Thins a cloud to `most` points: first the first of `points` (so sort them, brightest first), then always the one farthest from those
 * taken (Gonzalez 1985); of equally far ones the first. Nothing in it depends on where the cloud lies in a periodic box.
 * @returns indices of what is kept, and the greatest distance of a point left out from those kept: the bottleneck distance of the two
 *   clouds' Rips diagrams is at most twice that (Chazal, de Silva and Oudot 2014)
 */
export function farthestPoints(points: readonly Point[], most: number, period: number | null): { readonly kept: readonly number[]; readonly radius: number } {
  if (points.length <= most) return { kept: points.map((_, i) => i), radius: 0 };
  const nearest = new Float64Array(points.length).fill(Infinity);
  const kept: number[] = [];
  for (let next = 0; ; ) {
    if (kept.length === most) return { kept, radius: nearest[next]! };
    kept.push(next);
    const taken = points[next]!;
    for (let i = 0; i < points.length; i++) nearest[i] = Math.min(nearest[i]!, torusDistance(points[i]!, taken, period));
    next = 0;
    for (let i = 1; i < points.length; i++) if (nearest[i]! > nearest[next]!) next = i;
  }
}
