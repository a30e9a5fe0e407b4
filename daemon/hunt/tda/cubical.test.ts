import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../solver/random.ts';
import { sublevelPersistence } from './cubical.ts';
import { slowPersistence, sortedBars, type Cell } from './slow-homology.fixture.ts';

/** Points, edges and squares of a periodic grid, each with the greatest of its corners. */
function cells(values: Float64Array, n: number): Cell[] {
  const at = (i: number, j: number): number => values[(i % n) * n + (j % n)]!;
  const name = (kind: string, i: number, j: number): string => `${kind}${i % n},${j % n}`;
  return Array.from({ length: n * n }, (_, p): Cell[] => {
    const i = Math.floor(p / n);
    const j = p % n;
    return [
      { dim: 0, value: at(i, j), name: name('p', i, j), boundary: [] },
      { dim: 1, value: Math.max(at(i, j), at(i, j + 1)), name: name('r', i, j), boundary: [name('p', i, j), name('p', i, j + 1)] },
      { dim: 1, value: Math.max(at(i, j), at(i + 1, j)), name: name('c', i, j), boundary: [name('p', i, j), name('p', i + 1, j)] },
      { dim: 2, value: Math.max(at(i, j), at(i, j + 1), at(i + 1, j), at(i + 1, j + 1)), name: name('s', i, j), boundary: [name('r', i, j), name('r', i + 1, j), name('c', i, j), name('c', i, j + 1)] },
    ];
  }).flat();
}

describe('cubical persistence of a periodic grid', () => {
  test('is that of the whole boundary matrix, also where values are equal', () => {
    const random = new SeededRandom(1);
    let loops = 0;
    for (let trial = 0; trial < 60; trial++) {
      const n = 3 + (trial % 4);
      const values = Float64Array.from({ length: n * n }, () => (trial % 2 === 0 ? random.uniform() : Math.floor(4 * random.uniform())));
      const bars = sublevelPersistence(values, n);
      expect(sortedBars(bars)).toEqual(slowPersistence(cells(values, n)).filter(([dim]) => dim < 2));
      loops += bars.filter(({ dim, death }) => dim === 1 && death !== null).length;
    }
    expect(loops).toBeGreaterThan(30);
  });

  test('two hills, as the sublevels of their negative: the lower one ends at the pass', () => {
    const n = 32;
    const hill = (i: number, j: number, x: number, y: number): number => Math.exp(-((i - x) ** 2 + (j - y) ** 2) / 8);
    const values = Float64Array.from({ length: n * n }, (_, p) => -hill(Math.floor(p / n), p % n, 10, 10) - 0.6 * hill(Math.floor(p / n), p % n, 10, 20));
    const spots = sublevelPersistence(values, n).filter(({ dim, birth, death }) => dim === 0 && (death ?? 1) - birth > 0.1);
    expect(spots.map(({ birth }) => birth)).toEqual([expect.closeTo(-1, 2), expect.closeTo(-0.6, 2)]);
  });

  test('a ring has a loop from its lowest point to the bottom inside', () => {
    const n = 32;
    const values = Float64Array.from({ length: n * n }, (_, p) => -Math.exp(-((Math.hypot(Math.floor(p / n) - 16, (p % n) - 16) - 8) ** 2) / 4));
    const [loop, ...others] = sublevelPersistence(values, n).filter(({ dim, birth, death }) => dim === 1 && death !== null && death - birth > 0.1);
    expect(others).toEqual([]);
    expect(loop!.birth).toBeLessThan(-0.9);
    expect(loop!.death).toBeCloseTo(-Math.exp(-64 / 4), 6);
  });

  test('a stripe round the torus gives the first of its own loops, the rest the second', () => {
    const n = 16;
    const values = Float64Array.from({ length: n * n }, (_, p) => Math.cos((2 * Math.PI * (p % n)) / n));
    const own = sublevelPersistence(values, n).filter(({ dim, death }) => dim === 1 && death === null);
    expect(own.map(({ birth }) => birth)).toEqual([-1, 1]);
  });
});
