/** Persistent homology of the Vietoris-Rips filtration in dimensions 0 and 1, coefficients in Z/2. */
import { RigError } from '../../../protocol/common/errors.ts';
import { UnionFind } from './union-find.ts';

/** A class of homology: born at `birth`, gone at `death`; null = it never goes. */
export interface Bar {
  readonly dim: 0 | 1 | 2;
  readonly birth: number;
  readonly death: number | null;
}

export interface RipsResult {
  /** Dimension 0 first, then by birth and death. Bars of no length are left out. */
  readonly bars: readonly Bar[];
  /** False: the work ran out before dimension 1 was done, and there are no bars of it. */
  readonly hasH1: boolean;
  /** Triangles looked at. */
  readonly work: number;
}

export const MOST_POINTS = 300;
/** Of triangles looked at, but for the last column: a few seconds. Clouds in the plane or in space need half of it or less. */
export const MOST_WORK = 10_000_000;

/**
 * An edge enters at its length, a triangle with its longest edge.
 *
 * Dimension 0 is Kruskal's tree. Dimension 1 is the reduction of the coboundary matrix (de Silva, Morozov and Vejdemo-Johansson 2011)
 * with what made Ripser fast (Bauer 2021): edges of the tree need no column, and an edge that is the longest of some triangle is paired
 * with the first such triangle without any arithmetic. What is left are edges with an empty lune, of which a cloud in the plane has
 * fewer than three a point.
 * @param distances n x n, symmetric, zero on the diagonal @param maxWork triangles that may be looked at in dimension 1
 * @throws RigError E_TDA_INPUT for more than 300 points
 */
export function ripsPersistence(distances: Float64Array, n: number, maxWork = MOST_WORK): RipsResult {
  if (n > MOST_POINTS) throw new RigError('E_TDA_INPUT', `${n} points are more than the ${MOST_POINTS} that are analysed; thin them first`);
  const edges = sortedEdges(distances, n);
  const isTree = spanningTree(edges, n);
  const bars: Bar[] = [];
  for (let r = 0; r < edges.count; r++) if (isTree[r] === 1 && edges.length[r]! > 0) bars.push({ dim: 0, birth: 0, death: edges.length[r]! });
  if (n > 0) bars.push({ dim: 0, birth: 0, death: null });
  const loops = new Coboundaries(edges, n, isTree, maxWork).reduce();
  const ordered = (loops.bars ?? []).sort((a, b) => a.birth - b.birth || a.death! - b.death!);
  return { bars: [...bars, ...ordered], hasH1: loops.bars !== null, work: loops.work };
}

interface Edges {
  readonly count: number;
  /** Of the edge of each rank: ends a < b, length. */
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly length: Float64Array;
  /** Rank of the edge between two points, row by row. */
  readonly rank: Int32Array;
}

/** Shortest first; of equal lengths the one with the lower ends first. */
function sortedEdges(distances: Float64Array, n: number): Edges {
  const count = (n * (n - 1)) / 2;
  const pairs = new Int32Array(count);
  for (let i = 0, at = 0; i < n; i++) for (let j = i + 1; j < n; j++) pairs[at++] = i * n + j;
  pairs.sort((p, q) => distances[p]! - distances[q]! || p - q);
  const edges: Edges = { count, a: new Int32Array(count), b: new Int32Array(count), length: new Float64Array(count), rank: new Int32Array(n * n) };
  pairs.forEach((pair, r) => {
    const i = Math.floor(pair / n);
    const j = pair % n;
    edges.a[r] = i;
    edges.b[r] = j;
    edges.length[r] = distances[pair]!;
    edges.rank[i * n + j] = r;
    edges.rank[j * n + i] = r;
  });
  return edges;
}

/** 1 for the edges that join two components. */
function spanningTree(edges: Edges, n: number): Uint8Array {
  const sets = new UnionFind(n);
  const isTree = new Uint8Array(edges.count);
  for (let r = 0; r < edges.count; r++) {
    const a = sets.find(edges.a[r]!);
    const b = sets.find(edges.b[r]!);
    if (a === b) continue;
    isTree[r] = 1;
    sets.join(a, b);
  }
  return isTree;
}

/** A triangle is known by (rank of its longest edge) n + (the point opposite), which is also its place in the filtration. */
class Coboundaries {
  readonly #edges: Edges;
  readonly #n: number;
  readonly #isTree: Uint8Array;
  readonly #maxWork: number;
  /** Point of the first triangle whose longest edge this is; -1 = there is none. */
  readonly #apparent: Int32Array;
  readonly #heap = new MinHeap();
  #work = 0;

  constructor(edges: Edges, n: number, isTree: Uint8Array, maxWork: number) {
    this.#edges = edges;
    this.#n = n;
    this.#isTree = isTree;
    this.#maxWork = maxWork;
    this.#apparent = Int32Array.from({ length: edges.count }, (_, r) => (isTree[r] === 1 ? -1 : this.#firstInLune(r)));
  }

  reduce(): { readonly bars: Bar[] | null; readonly work: number } {
    const { length, count } = this.#edges;
    const bars: Bar[] = [];
    const ownerOf = new Map<number, number>();
    // Edges whose coboundaries add up to a reduced column; those paired without arithmetic stand for themselves.
    const columns = new Map<number, readonly number[]>();
    for (let r = count - 1; r >= 0; r--) {
      if (this.#isTree[r] === 1 || this.#apparent[r]! >= 0) continue;
      const column = new Set<number>();
      this.#heap.clear();
      this.#add([r], column);
      for (;;) {
        if (this.#work > this.#maxWork) return { bars: null, work: this.#work };
        const pivot = this.#heap.takeOdd();
        // Every loop is filled at last: the complex ends as a full simplex.
        if (pivot === null) throw new Error('a column of the coboundary matrix vanished');
        const longest = Math.floor(pivot / this.#n);
        const owner = this.#apparent[longest] === pivot % this.#n ? longest : ownerOf.get(pivot);
        if (owner === undefined) {
          ownerOf.set(pivot, r);
          columns.set(r, [...column]);
          if (length[longest]! > length[r]!) bars.push({ dim: 1, birth: length[r]!, death: length[longest]! });
          break;
        }
        this.#heap.push(pivot);
        this.#add(columns.get(owner) ?? [owner], column);
      }
    }
    return { bars, work: this.#work };
  }

  #add(edges: readonly number[], column: Set<number>): void {
    for (const r of edges) {
      if (!column.delete(r)) column.add(r);
      this.#pushTriangles(r);
    }
  }

  #pushTriangles(r: number): void {
    const n = this.#n;
    const { rank } = this.#edges;
    const a = this.#edges.a[r]!;
    const b = this.#edges.b[r]!;
    for (let v = 0; v < n; v++) {
      if (v === a || v === b) continue;
      const toA = rank[a * n + v]!;
      const toB = rank[b * n + v]!;
      if (r > toA && r > toB) this.#heap.push(r * n + v);
      else if (toA > toB) this.#heap.push(toA * n + b);
      else this.#heap.push(toB * n + a);
    }
    this.#work += n - 2;
  }

  #firstInLune(r: number): number {
    const n = this.#n;
    const { rank } = this.#edges;
    const a = this.#edges.a[r]! * n;
    const b = this.#edges.b[r]! * n;
    for (let v = 0; v < n; v++) if (rank[a + v]! < r && rank[b + v]! < r && a !== v * n && b !== v * n) return v;
    return -1;
  }
}

/** Sums of triangles mod 2: what was put in twice is not there. */
class MinHeap {
  readonly #keys: number[] = [];

  clear(): void {
    this.#keys.length = 0;
  }

  push(key: number): void {
    const keys = this.#keys;
    let i = keys.length;
    keys.push(key);
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (keys[up]! <= key) break;
      keys[i] = keys[up]!;
      i = up;
    }
    keys[i] = key;
  }

  /** Takes out the least key that is there an odd number of times; null when there is none. */
  takeOdd(): number | null {
    while (this.#keys.length > 0) {
      const key = this.#pop();
      if (this.#keys[0] !== key) return key;
      this.#pop();
    }
    return null;
  }

  #pop(): number {
    const keys = this.#keys;
    const least = keys[0]!;
    const last = keys.pop()!;
    const size = keys.length;
    if (size === 0) return least;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && keys[child + 1]! < keys[child]!) child++;
      if (keys[child]! >= last) break;
      keys[i] = keys[child]!;
      i = child;
    }
    keys[i] = last;
    return least;
  }
}
