import { densityMean } from './density.ts';

/**
 * Minus the slope of ln N(s) over ln s, s = 2, 4 ... n/8 points, of the points above the mean that have a neighbour that is not. N(s) is the mean
 * over all places of the mesh, so that it does not depend on where the box begins: places of a box of s^d points that hold one of the set, over s^d.
 * @returns null when there are none, or fewer than two sizes
 */
export function boxDimension(rho: Float64Array, n: number, dim: 2 | 3): number | null {
  const mean = densityMean(rho);
  const strides = Array.from({ length: dim }, (_, axis) => n ** (dim - 1 - axis));
  const next = (p: number, stride: number, by: number): number => {
    const at = Math.floor(p / stride) % n;
    return p + (((at + by + n) % n) - at) * stride;
  };
  let covered = new Uint8Array(rho.length);
  for (let p = 0; p < rho.length; p++) {
    if (!(rho[p]! > mean)) continue;
    if (strides.some((stride) => !(rho[next(p, stride, 1)]! > mean) || !(rho[next(p, stride, -1)]! > mean))) covered[p] = 1;
  }
  const points: (readonly [number, number])[] = [];
  for (let size = 2; size <= n / 8; size *= 2) {
    // A box of this size is two of half its size beside each other, along every axis.
    for (const stride of strides) {
      const wider = covered.slice();
      for (let p = 0; p < rho.length; p++) if (covered[next(p, stride, size / 2)] === 1) wider[p] = 1;
      covered = wider;
    }
    const count = covered.reduce((sum, value) => sum + value, 0) / size ** dim;
    if (count === 0) return null;
    points.push([Math.log(size), Math.log(count)]);
  }
  if (points.length < 2) return null;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const up = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return -up / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
