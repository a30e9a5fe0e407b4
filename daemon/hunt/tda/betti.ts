/** Betti numbers of a set of points of a periodic grid, as the complex of all cells whose corners are all in it. */
import { UnionFind } from './union-find.ts';

export interface Betti {
  /** Pieces. */
  readonly betti_0: number;
  /** Loops that nothing in the set fills. */
  readonly betti_1: number;
  /** Hollows; null in two dimensions, where only the whole torus has one. */
  readonly betti_2: number | null;
}

/**
 * Pieces by union-find, hollows by the pieces of the complement (Lefschetz duality), loops from the Euler characteristic. Over the
 * rationals.
 * @param inside not 0 where a point belongs to the set; n^dim, the last index fastest @param n 3 at least
 */
export function bettiNumbers(inside: Uint8Array, n: number, dim: 2 | 3): Betti {
  const step = steps(n, dim);
  const points = inside.length;
  const euler = eulerCharacteristic(inside, step, dim);
  const sets = new UnionFind(points);
  let pieces = 0;
  for (let p = 0; p < points; p++) if (inside[p] !== 0) pieces++;
  for (let p = 0; p < points; p++) {
    if (inside[p] === 0) continue;
    for (let axis = 0; axis < dim; axis++) {
      const q = step(p, axis);
      if (inside[q] === 0) continue;
      const a = sets.find(p);
      const b = sets.find(q);
      if (a === b) continue;
      sets.join(a, b);
      pieces--;
    }
  }
  if (dim === 2) return { betti_0: pieces, betti_1: pieces + (inside.every((value) => value !== 0) ? 1 : 0) - euler, betti_2: null };
  const hollows = hollowsOf(inside, n);
  const whole = hollows === null ? 1 : 0;
  const betti_2 = pieces === 0 ? 0 : hollows ?? 3;
  return { betti_0: pieces, betti_1: pieces + betti_2 - whole - euler, betti_2 };
}

/** The point one further along an axis, round the torus. */
function steps(n: number, dim: 2 | 3): (p: number, axis: number) => number {
  const strides = Array.from({ length: dim }, (_, axis) => n ** (dim - 1 - axis));
  return (p, axis) => {
    const stride = strides[axis]!;
    return Math.floor(p / stride) % n === n - 1 ? p - (n - 1) * stride : p + stride;
  };
}

function eulerCharacteristic(inside: Uint8Array, step: (p: number, axis: number) => number, dim: 2 | 3): number {
  let euler = 0;
  const corners = new Int32Array(2 ** dim);
  for (let p = 0; p < inside.length; p++) {
    if (inside[p] === 0) continue;
    // Corner c of the cell at p: one step along every axis whose bit is set in c; a cell of directions d has the corners within d.
    corners[0] = p;
    for (let c = 1; c < corners.length; c++) {
      const axis = 31 - Math.clz32(c);
      corners[c] = step(corners[c & ~(1 << axis)]!, axis);
    }
    for (let d = 0; d < corners.length; d++) {
      let isIn = true;
      let size = 0;
      for (let bit = d; bit !== 0; bit &= bit - 1) size++;
      for (let c = d; isIn; c = (c - 1) & d) {
        isIn = inside[corners[c]!] !== 0;
        if (c === 0) break;
      }
      if (isIn) euler += size % 2 === 0 ? 1 : -1;
    }
  }
  return euler;
}

/**
 * Second Betti number of a set in the three-torus: one for every piece of the complement but one, and one for each direction of the
 * torus in which no loop of the complement runs. Null for the whole torus, which has no complement.
 */
function hollowsOf(inside: Uint8Array, n: number): number | null {
  const points = inside.length;
  const step = steps(n, 3);
  // The cube that begins at a point is in the complement when one of its corners is; so is the face between two cubes.
  const isFaceOut = (p: number, axis: number): boolean => {
    if (inside[p] === 0) return true;
    const v = axis === 2 ? 1 : 2;
    const pu = step(p, axis === 0 ? 1 : 0);
    return inside[pu] === 0 || inside[step(p, v)] === 0 || inside[step(pu, v)] === 0;
  };
  const isCubeOut = new Uint8Array(points);
  let pieces = 0;
  for (let p = 0; p < points; p++) {
    if (!isFaceOut(p, 0) && !isFaceOut(step(p, 0), 0)) continue;
    isCubeOut[p] = 1;
    pieces++;
  }
  if (pieces === 0) return null;
  const isSeen = new Uint8Array(points);
  // How often the way from a piece's first cube went round the torus, for each axis.
  const turns = new Int32Array(3 * points);
  const windings: number[][] = [];
  const stack = new Int32Array(points);
  pieces = 0;
  for (let first = 0; first < points; first++) {
    if (isCubeOut[first] === 0 || isSeen[first] !== 0) continue;
    pieces++;
    isSeen[first] = 1;
    stack[0] = first;
    for (let size = 1; size > 0; ) {
      const p = stack[--size]!;
      for (let way = 0; way < 6; way++) {
        const axis = way >> 1;
        const q = way % 2 === 0 ? step(p, axis) : back(p, axis, n);
        if (isCubeOut[q] === 0 || (isSeen[q] !== 0 && windings.length === 3) || !isFaceOut(way % 2 === 0 ? q : p, axis)) continue;
        const wraps = way % 2 === 0 ? (q < p ? 1 : 0) : q > p ? -1 : 0;
        const x = turns[3 * p]! + (axis === 0 ? wraps : 0);
        const y = turns[3 * p + 1]! + (axis === 1 ? wraps : 0);
        const z = turns[3 * p + 2]! + (axis === 2 ? wraps : 0);
        if (isSeen[q] === 0) {
          isSeen[q] = 1;
          turns[3 * q] = x;
          turns[3 * q + 1] = y;
          turns[3 * q + 2] = z;
          stack[size++] = q;
        } else if (x !== turns[3 * q] || y !== turns[3 * q + 1] || z !== turns[3 * q + 2]) {
          addIndependent(windings, [x - turns[3 * q]!, y - turns[3 * q + 1]!, z - turns[3 * q + 2]!]);
        }
      }
    }
  }
  return pieces - 1 + (3 - windings.length);
}

function back(p: number, axis: number, n: number): number {
  const stride = n ** (2 - axis);
  return Math.floor(p / stride) % n === 0 ? p + (n - 1) * stride : p - stride;
}

/** Adds a vector of whole numbers, not zero, to a basis, unless it depends on it. */
function addIndependent(basis: number[][], [x, y, z]: readonly number[]): void {
  const v = [x!, y!, z!];
  const cross = (a: readonly number[], b: readonly number[]): number[] => [a[1]! * b[2]! - a[2]! * b[1]!, a[2]! * b[0]! - a[0]! * b[2]!, a[0]! * b[1]! - a[1]! * b[0]!];
  if (basis.length === 0) basis.push(v);
  else if (basis.length === 1 && cross(basis[0]!, v).some((value) => value !== 0)) basis.push(v);
  else if (basis.length === 2 && cross(basis[0]!, basis[1]!).reduce((sum, value, i) => sum + value * v[i]!, 0) !== 0) basis.push(v);
}
