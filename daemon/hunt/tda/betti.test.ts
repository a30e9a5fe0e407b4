import { expect, test } from 'vitest';
import { SeededRandom } from '../../solver/random.ts';
import { bettiNumbers } from './betti.ts';
import { slowPersistence, type Cell } from './slow-homology.fixture.ts';

/** Every cell of the torus all of whose corners are in: a place and the axes it extends along. */
function cellsOf(inside: Uint8Array, n: number, dim: number): Cell[] {
  const cells: Cell[] = [];
  const isIn = (place: readonly number[]): boolean => inside[place.reduce((index, x) => index * n + (x % n), 0)] !== 0;
  const name = (place: readonly number[], axes: readonly number[]): string => `${place.map((x) => x % n).join(',')}/${axes.join('')}`;
  const shifted = (place: readonly number[], axes: readonly number[]): number[] => place.map((x, axis) => (axes.includes(axis) ? x + 1 : x));
  const subsets = (axes: readonly number[]): number[][] => axes.reduce<number[][]>((all, axis) => [...all, ...all.map((set) => [...set, axis])], [[]]);
  for (let p = 0; p < inside.length; p++) {
    const place = Array.from({ length: dim }, (_, axis) => Math.floor(p / n ** (dim - 1 - axis)) % n);
    for (const axes of subsets(Array.from({ length: dim }, (_, axis) => axis))) {
      if (!subsets(axes).every((corner) => isIn(shifted(place, corner)))) continue;
      const boundary = axes.flatMap((axis) => [place, shifted(place, [axis])].map((base) => name(base, axes.filter((other) => other !== axis))));
      cells.push({ dim: axes.length, value: 0, name: name(place, axes), boundary });
    }
  }
  return cells;
}

test.each([[2, 3, 40], [2, 5, 40], [3, 3, 40], [3, 4, 6]] as const)('Betti numbers of random sets on a torus of %i dimensions, n = %i, are those of the boundary matrix', (dim, n, trials) => {
  const random = new SeededRandom(dim * n);
  const seen = new Set<string>();
  for (let trial = 0; trial < trials; trial++) {
    const share = (trial + 0.5) / trials;
    const inside = Uint8Array.from({ length: n ** dim }, () => (random.uniform() < share ? 1 : 0));
    const slow = slowPersistence(cellsOf(inside, n, dim));
    const count = (d: number): number => slow.filter(([of]) => of === d).length;
    const result = bettiNumbers(inside, n, dim);
    expect(result).toEqual({ betti_0: count(0), betti_1: count(1), betti_2: dim === 2 ? null : count(2) });
    seen.add(JSON.stringify(result));
  }
  expect(seen.size).toBeGreaterThan(4);
});

test('shapes whose numbers are known', () => {
  const n = 12;
  const set = (isIn: (x: number, y: number, z: number) => boolean): Uint8Array => Uint8Array.from({ length: n ** 3 }, (_, p) => (isIn(Math.floor(p / n / n), Math.floor(p / n) % n, p % n) ? 1 : 0));
  const r = (x: number, y: number, z: number): number => Math.hypot(x - 6, y - 6, z - 6);
  expect(bettiNumbers(set(() => false), n, 3)).toEqual({ betti_0: 0, betti_1: 0, betti_2: 0 });
  expect(bettiNumbers(set(() => true), n, 3)).toEqual({ betti_0: 1, betti_1: 3, betti_2: 3 });
  expect(bettiNumbers(set((x, y, z) => r(x, y, z) < 5), n, 3)).toEqual({ betti_0: 1, betti_1: 0, betti_2: 0 });
  expect(bettiNumbers(set((x, y, z) => r(x, y, z) < 5 && r(x, y, z) > 2), n, 3)).toEqual({ betti_0: 1, betti_1: 0, betti_2: 1 });
  // A rod, a wall and two walls that go round the box.
  expect(bettiNumbers(set((x, y) => Math.hypot(x - 6, y - 6) < 2), n, 3)).toEqual({ betti_0: 1, betti_1: 1, betti_2: 0 });
  expect(bettiNumbers(set((x) => Math.abs(x - 6) < 2), n, 3)).toEqual({ betti_0: 1, betti_1: 2, betti_2: 1 });
  expect(bettiNumbers(set((x) => Math.abs((x % 6) - 3) < 2), n, 3)).toEqual({ betti_0: 2, betti_1: 4, betti_2: 2 });
});
