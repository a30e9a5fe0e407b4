import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../solver/random.ts';
import { MOST_POINTS, MOST_WORK, ripsPersistence, type Bar } from './rips.ts';
import { slowPersistence, sortedBars, type Cell } from './slow-homology.fixture.ts';
import { distanceMatrix, type Point } from './torus.ts';

const rips = (points: readonly Point[], period: number | null = null) => ripsPersistence(distanceMatrix(points, period), points.length);
const ofDim = (bars: readonly Bar[], dim: number) => bars.filter((bar) => bar.dim === dim);
const lengths = (bars: readonly Bar[], dim: number) => ofDim(bars, dim).map(({ birth, death }) => (death ?? Infinity) - birth).sort((a, b) => b - a);
const circle = (n: number, radius: number, x = 0, y = 0): Point[] => Array.from({ length: n }, (_, i) => [x + radius * Math.cos((2 * Math.PI * i) / n), y + radius * Math.sin((2 * Math.PI * i) / n)]);
const cloud = (random: SeededRandom, n: number, dim: number, size: number): Point[] => Array.from({ length: n }, () => Array.from({ length: dim }, () => size * random.uniform()));

/** Every simplex up to triangles, with its greatest distance. */
function simplices(points: readonly Point[], period: number | null): Cell[] {
  const n = points.length;
  const d = distanceMatrix(points, period);
  const cells: Cell[] = [];
  for (let i = 0; i < n; i++) {
    cells.push({ dim: 0, value: 0, name: `${i}`, boundary: [] });
    for (let j = i + 1; j < n; j++) {
      cells.push({ dim: 1, value: d[i * n + j]!, name: `${i}-${j}`, boundary: [`${i}`, `${j}`] });
      for (let k = j + 1; k < n; k++) cells.push({ dim: 2, value: Math.max(d[i * n + j]!, d[i * n + k]!, d[j * n + k]!), name: `${i}-${j}-${k}`, boundary: [`${i}-${j}`, `${i}-${k}`, `${j}-${k}`] });
    }
  }
  return cells;
}

describe('Vietoris-Rips persistence', () => {
  test('is that of the whole boundary matrix, on random clouds in open and periodic space', () => {
    const random = new SeededRandom(1);
    let loops = 0;
    for (let trial = 0; trial < 60; trial++) {
      const points = cloud(random, 4 + (trial % 13), 2 + (trial % 2), 10);
      const period = trial % 3 === 0 ? 10 : null;
      const { bars, hasH1 } = rips(points, period);
      expect(hasH1).toBe(true);
      expect(sortedBars(bars)).toEqual(slowPersistence(simplices(points, period)).filter(([dim]) => dim < 2));
      loops += ofDim(bars, 1).length;
    }
    expect(loops).toBeGreaterThan(20);
  });

  test('the same for whole coordinates, where many distances are equal and points fall together', () => {
    const random = new SeededRandom(2);
    for (let trial = 0; trial < 60; trial++) {
      const points = cloud(random, 5 + (trial % 12), 2, 5).map((point) => point.map(Math.floor));
      const period = trial % 2 === 0 ? 5 : null;
      expect(sortedBars(rips(points, period).bars)).toEqual(slowPersistence(simplices(points, period)).filter(([dim]) => dim < 2));
    }
  });

  test('the same for any table of distances, also one of no space', () => {
    const random = new SeededRandom(3);
    for (let trial = 0; trial < 20; trial++) {
      const n = 9;
      const d = new Float64Array(n * n);
      for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) d[i * n + j] = d[j * n + i] = 1 + random.uniform();
      const cells = simplices(Array.from({ length: n }, () => [0]), null).map((cell): Cell => {
        const corners = cell.name.split('-').map(Number);
        return { ...cell, value: Math.max(0, ...corners.flatMap((i) => corners.map((j) => d[i * n + j]!))) };
      });
      expect(sortedBars(ripsPersistence(d, n).bars)).toEqual(slowPersistence(cells).filter(([dim]) => dim < 2));
    }
  });

  test('a circle has one loop, from the distance of neighbours to that of three points around it', () => {
    const n = 60;
    const { bars } = rips(circle(n, 5));
    const [loop] = ofDim(bars, 1);
    expect(ofDim(bars, 1)).toHaveLength(1);
    expect(loop!.birth).toBeCloseTo(10 * Math.sin(Math.PI / n), 10);
    expect(loop!.death).toBeCloseTo(5 * Math.sqrt(3), 10);
    expect(lengths(bars, 0)).toHaveLength(n);
  });

  test('two circles far apart have two loops and one gap', () => {
    const { bars } = rips([...circle(40, 5), ...circle(30, 3, 30)]);
    expect(lengths(bars, 1)).toHaveLength(2);
    expect(lengths(bars, 0).slice(0, 3).map((value) => value > 20)).toEqual([true, true, false]);
  });

  test('a lattice of squares has loops of sqrt 2 - 1, one for each square', () => {
    const points = Array.from({ length: 36 }, (_, i) => [Math.floor(i / 6), i % 6]);
    const { bars } = rips(points);
    expect(lengths(bars, 1)).toHaveLength(25);
    for (const { birth, death } of ofDim(bars, 1)) expect([birth, death]).toEqual([1, Math.SQRT2]);
  });

  test('points all over a torus see its two loops', () => {
    const side = 12;
    const points = Array.from({ length: side * side }, (_, i) => [Math.floor(i / side), i % side]);
    const { bars } = rips(points, side);
    const long = ofDim(bars, 1).filter(({ birth, death }) => death! - birth > 0.5);
    expect(long).toHaveLength(2);
    // One third of the way round.
    for (const { birth, death } of long) expect([birth, death]).toEqual([1, 4]);
  });

  test('nothing, one point, two points', () => {
    expect(rips([]).bars).toEqual([]);
    expect(rips([[3, 4]]).bars).toEqual([{ dim: 0, birth: 0, death: null }]);
    expect(rips([[0, 0], [3, 4]]).bars).toEqual([{ dim: 0, birth: 0, death: 5 }, { dim: 0, birth: 0, death: null }]);
  });
});

describe('its work', () => {
  const random = new SeededRandom(4);
  const most = MOST_POINTS;
  test.each([
    ['a square', cloud(random, most, 2, 10), null],
    ['a torus', cloud(random, most, 2, 10), 10],
    ['a cube', cloud(random, most, 3, 10), null],
    ['a circle', circle(most, 5), null],
    ['a lattice', Array.from({ length: most }, (_, i) => [i % 17, Math.floor(i / 17)]), 17],
    ['one place', Array.from({ length: most }, () => [1, 1]), null],
    ['a torus in space', cloud(random, most, 3, 10), 10],
  ] as const)('on %s of 300 points is far below its bound', (_, points, period) => {
    const { work, hasH1 } = rips(points, period);
    expect(hasH1).toBe(true);
    expect(work).toBeLessThan(MOST_WORK / 2);
  });

  test('is stopped at its bound: then dimension 1 is not known, and dimension 0 is', () => {
    const points = cloud(random, 100, 2, 10);
    const { bars, hasH1, work } = ripsPersistence(distanceMatrix(points, null), 100, 1000);
    expect(hasH1).toBe(false);
    expect(work).toBeLessThan(20_000);
    expect(bars.every(({ dim }) => dim === 0)).toBe(true);
    expect(bars).toHaveLength(100);
  });

  test('more than 300 points are refused', () => {
    expect(() => rips(cloud(random, 301, 2, 1))).toThrow(/301 points/);
  });
});
