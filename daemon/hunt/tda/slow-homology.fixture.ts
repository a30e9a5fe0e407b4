/** The textbook reduction of the whole boundary matrix over Z/2: slow, and nothing of what it is held against is in it. */

export interface Cell {
  readonly dim: number;
  readonly value: number;
  /** Names of the cells of its boundary, each as often as it occurs there. */
  readonly boundary: readonly string[];
  readonly name: string;
}

/** All bars of length above zero, and those that never end (death null), of every dimension: [dim, birth, death]. */
export function slowPersistence(cells: readonly Cell[]): [number, number, number | null][] {
  const sorted = [...cells].sort((a, b) => a.value - b.value || a.dim - b.dim || (a.name < b.name ? -1 : 1));
  const place = new Map(sorted.map(({ name }, i) => [name, i]));
  const reduced: Set<number>[] = [];
  const pivotOf = new Map<number, number>();
  const isPaired = new Set<number>();
  const bars: [number, number, number | null][] = [];
  sorted.forEach((cell, j) => {
    const column = new Set<number>();
    for (const face of cell.boundary) toggle(column, place.get(face)!);
    for (;;) {
      const low = Math.max(-1, ...column);
      const other = pivotOf.get(low);
      if (low < 0 || other === undefined) break;
      for (const i of reduced[other]!) toggle(column, i);
    }
    reduced.push(column);
    if (column.size === 0) return;
    const low = Math.max(...column);
    pivotOf.set(low, j);
    isPaired.add(low).add(j);
    if (cell.value > sorted[low]!.value) bars.push([sorted[low]!.dim, sorted[low]!.value, cell.value]);
  });
  sorted.forEach((cell, i) => {
    if (!isPaired.has(i)) bars.push([cell.dim, cell.value, null]);
  });
  return bars.sort(compareBars);
}

function toggle(set: Set<number>, value: number): void {
  if (!set.delete(value)) set.add(value);
}

const compareBars = (a: readonly (number | null)[], b: readonly (number | null)[]): number => a[0]! - b[0]! || a[1]! - b[1]! || (a[2] ?? Infinity) - (b[2] ?? Infinity);

export const sortedBars = (bars: readonly { readonly dim: number; readonly birth: number; readonly death: number | null }[]): [number, number, number | null][] => bars.map(({ dim, birth, death }): [number, number, number | null] => [dim, birth, death]).sort(compareBars);
