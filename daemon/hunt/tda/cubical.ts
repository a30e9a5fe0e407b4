/**
 * Persistence of the sublevel sets of a function on a periodic two-dimensional grid. The points of the grid are the vertices of a
 * complex of squares; an edge or a square enters with the greatest value at its corners. Coefficients do not matter: there is no torsion.
 */
import type { Bar } from './rips.ts';
import { UnionFind } from './union-find.ts';

/**
 * All bars of dimension 0 and 1, exact, those of no length left out; one class of dimension 0 and two of dimension 1 (the torus's own)
 * never die. The class of dimension 2, which is there once the whole torus is, is not listed.
 *
 * Dimension 0 is the merge tree: of two components that meet, the younger ends. Dimension 1 is the merge tree of the squares from the
 * top down, by duality (Edelsbrunner, Letscher and Zomorodian 2002): what joins two regions of the complement there is born as a
 * loop here, and dies when the lower of the two regions is filled. Edges that are in neither tree are the torus's loops.
 * @param values n x n, row by row @param n 3 at least: on smaller grids two points have more than one edge
 */
export function sublevelPersistence(values: Float64Array, n: number): Bar[] {
  const points = n * n;
  const complex = squaresOf(values, n);
  const order = Uint32Array.from({ length: 2 * points }, (_, edge) => edge).sort((a, b) => complex.edge[a]! - complex.edge[b]! || a - b);
  const bars: Bar[] = [{ dim: 0, birth: values.reduce((least, value) => Math.min(least, value), Infinity), death: null }];
  const role = new Uint8Array(2 * points);

  const spots = new UnionFind(points);
  for (const edge of order) {
    const [from, to] = complex.ends(edge);
    const a = spots.find(from);
    const b = spots.find(to);
    if (a === b) continue;
    role[edge] = 1;
    const [elder, younger] = values[a]! < values[b]! || (values[a] === values[b] && a < b) ? [a, b] : [b, a];
    spots.join(elder, younger);
    if (complex.edge[edge]! > values[younger]!) bars.push({ dim: 0, birth: values[younger]!, death: complex.edge[edge]! });
  }

  const { square } = complex;
  const regions = new UnionFind(points);
  for (let i = order.length - 1; i >= 0; i--) {
    const edge = order[i]!;
    // An edge that ended a component begins no loop.
    if (role[edge] === 1) continue;
    const [left, right] = complex.sides(edge);
    const a = regions.find(left);
    const b = regions.find(right);
    if (a === b) {
      bars.push({ dim: 1, birth: complex.edge[edge]!, death: null });
      continue;
    }
    const [elder, younger] = square[a]! > square[b]! || (square[a] === square[b] && a > b) ? [a, b] : [b, a];
    regions.join(elder, younger);
    if (square[younger]! > complex.edge[edge]!) bars.push({ dim: 1, birth: complex.edge[edge]!, death: square[younger]! });
  }
  return bars.sort((a, b) => a.dim - b.dim || a.birth - b.birth || (a.death ?? Infinity) - (b.death ?? Infinity));
}

interface Squares {
  /** Values of the edges: n^2 along the rows, then n^2 along the columns, each known by the point it begins at. */
  readonly edge: Float64Array;
  /** Values of the squares, each known by the corner it begins at. */
  readonly square: Float64Array;
  ends(edge: number): readonly [number, number];
  /** The two squares beside an edge. */
  sides(edge: number): readonly [number, number];
}

function squaresOf(values: Float64Array, n: number): Squares {
  const points = n * n;
  const right = (p: number): number => (p % n === n - 1 ? p - n + 1 : p + 1);
  const left = (p: number): number => (p % n === 0 ? p + n - 1 : p - 1);
  const below = (p: number): number => (p + n) % points;
  const above = (p: number): number => (p - n + points) % points;
  const edge = new Float64Array(2 * points);
  const square = new Float64Array(points);
  for (let p = 0; p < points; p++) {
    edge[p] = Math.max(values[p]!, values[right(p)]!);
    edge[points + p] = Math.max(values[p]!, values[below(p)]!);
  }
  for (let p = 0; p < points; p++) square[p] = Math.max(edge[p]!, edge[below(p)]!);
  return {
    edge,
    square,
    ends: (e) => (e < points ? [e, right(e)] : [e - points, below(e - points)]),
    sides: (e) => (e < points ? [above(e), e] : [left(e - points), e - points]),
  };
}
