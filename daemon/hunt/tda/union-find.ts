/** Disjoint sets with path halving; who leads a joined set is the caller's choice, because persistence lets the elder survive. */
export class UnionFind {
  readonly #parent: Int32Array;

  constructor(size: number) {
    this.#parent = Int32Array.from({ length: size }, (_, i) => i);
  }

  find(node: number): number {
    const parent = this.#parent;
    for (let i = node; ; ) {
      const up = parent[i]!;
      if (up === i) return i;
      parent[i] = parent[up]!;
      i = parent[i]!;
    }
  }

  /** Puts the set led by `younger` under `elder`; both must be leaders. */
  join(elder: number, younger: number): void {
    this.#parent[younger] = elder;
  }
}
