import { describe, expect, test } from 'vitest';
import type { ComplexField } from '../../solver/complex-field.ts';
import { SeededRandom } from '../../solver/random.ts';
import { clustersOf } from './clusters.ts';
import { eventTopology, fieldTopology, topologySchema } from './topology.ts';
import { distanceMatrix, farthestPoints, torusDistance, type Point } from './torus.ts';
import { ripsPersistence } from './rips.ts';

const N = 32;
type Place = (x: number, y: number) => number;

/** Amplitude 1 everywhere, `height` where `isIn`; the phase runs once round along x. */
function field(isIn: (x: number, y: number) => boolean, height = 3, n = N): ComplexField {
  const amplitude: Place = (x, y) => (isIn(x, y) ? height : 1);
  const of = (part: (angle: number) => number): Float64Array => Float64Array.from({ length: n * n }, (_, p) => amplitude(Math.floor(p / n), p % n) * part((2 * Math.PI * Math.floor(p / n)) / n));
  return { re: of(Math.cos), im: of(Math.sin) };
}

const from = (x: number, y: number, a: number, b: number): number => torusDistance([x, y], [a, b], N);

describe('topology of a field', () => {
  test('a spot, a ring over the edge of the box and a lone point', () => {
    const { topology, events } = fieldTopology(field((x, y) => from(x, y, 16, 16) < 2.5 || Math.abs(from(x, y, 0, 0) - 5) < 0.8 || (x === 25 && y === 9)), N, 2);
    expect(topologySchema.parse(topology)).toEqual(topology);
    expect(topology).toMatchObject({ period: N, betti_0: 3, betti_1: 1, betti_2: null, persistent_h2: null, persistence_cut: 0.5, decimation_radius: 0 });
    // The ring, and at great distances a loop from place to place round the box.
    const loops = topology.diagram.filter(([dim, birth, death]) => dim === 1 && death! - birth > 0.5);
    expect(loops.map(([, birth]) => birth < 2)).toEqual([true, false]);
    expect(topology.persistent_h1).toBe(2);
    expect(topology.q_counts).toEqual({ Q_nu: 1, Q_theta: null, transient: 1, unclustered: 1 });
    expect(topology.threshold_sigmas).toBeCloseTo(3, 10);
    expect(topology.n_events).toBe(events.length);
    expect(topology.superlevel).toMatchObject({ units: 'sigma_rho', persistent_h0: 2, persistent_h1: 1 });
    const lone = events.find(({ x, y }) => x === 25 && y === 9)!;
    expect(lone.magnitude).toBeCloseTo(9, 12);
    expect(lone.phase).toBeCloseTo((2 * Math.PI * 25) / N - 2 * Math.PI, 12);
  });

  test('is the same for a field shifted by whole points or turned in phase', () => {
    const random = new SeededRandom(5);
    const psi: ComplexField = { re: Float64Array.from({ length: N * N }, () => random.normal() ** 3), im: Float64Array.from({ length: N * N }, () => random.normal() ** 3) };
    const expected = fieldTopology(psi, N, 2).topology;
    expect(expected.n_events).toBeGreaterThan(5);
    const shift = (values: Float64Array): Float64Array => values.map((_, p) => values[((Math.floor(p / N) + 9) % N) * N + ((p + 20) % N)]!);
    const turn = ({ re, im }: ComplexField): ComplexField => ({ re: re.map((value, i) => 0.6 * value - 0.8 * im[i]!), im: re.map((value, i) => 0.8 * value + 0.6 * im[i]!) });
    for (const other of [{ re: shift(psi.re), im: shift(psi.im) }, turn(psi)]) {
      const { threshold, threshold_sigmas: _, ...rest } = fieldTopology(other, N, 2).topology;
      const { threshold: expectedThreshold, threshold_sigmas: __, ...expectedRest } = expected;
      expect(rest).toEqual(expectedRest);
      expect(threshold).toBeCloseTo(expectedThreshold!, 9);
    }
  });

  test('a level field has no events, no bars and no shape', () => {
    const { topology } = fieldTopology(field(() => false), N, 2);
    expect(topology).toMatchObject({ n_events: 0, betti_0: 0, betti_1: 0, diagram: [], superlevel: null, threshold_sigmas: null });
  });

  test('another threshold finds dark places, too, as loops around them', () => {
    const { topology } = fieldTopology(field((x, y) => from(x, y, 5, 5) < 3 || from(x, y, 20, 20) < 3, 0.1), N, 2, { threshold: 0.5, maxPoints: 50 });
    // Two holes in the torus: its own two loops, and one more, for the two edges together bound the rest.
    expect(topology).toMatchObject({ betti_0: 1, betti_1: 3 });
  });

  test('in three dimensions a shell has a hollow', () => {
    const n = 16;
    const density = Float64Array.from({ length: n ** 3 }, (_, p) => {
      const r = torusDistance([Math.floor(p / n / n), Math.floor(p / n) % n, p % n], [0, 0, 0], n);
      return r > 3 && r < 4.8 ? 3 : 1;
    });
    const { topology, events } = fieldTopology({ re: density, im: new Float64Array(n ** 3) }, n, 3, { threshold: 4 });
    expect(topology).toMatchObject({ betti_0: 1, betti_1: 0, betti_2: 1, persistent_h2: null, superlevel: null });
    expect(events.some(({ z }) => z > 10)).toBe(true);
  });

  test('more events than are analysed are thinned, and only bars that are surely there are counted', () => {
    // A solid disc: what is left of its points after thinning has small holes, none of which is real.
    const { topology } = fieldTopology(field((x, y) => from(x, y, 16, 16) < 12), N, 2, { threshold: 4, maxPoints: 60 });
    expect(topology.n_events).toBeGreaterThan(400);
    expect(topology).toMatchObject({ n_analysed: 60, betti_0: 1, betti_1: 0, persistent_h1: 0, q_counts: { Q_nu: 0, transient: 1 } });
    expect(topology.decimation_radius).toBeGreaterThan(1);
    expect(topology.persistence_cut).toBe(0.5 + 4 * topology.decimation_radius);
  });
});

test('events alone: what needs the field is null', () => {
  const events = Array.from({ length: 12 }, (_, i) => ({ x: 4 * Math.cos((2 * Math.PI * i) / 12), y: 4 * Math.sin((2 * Math.PI * i) / 12), z: 0, t_step: null, magnitude: null, phase: null }));
  expect(eventTopology(events, null)).toMatchObject({ period: null, threshold: null, betti_0: null, betti_1: null, n_events: 12, persistent_h0: 11, persistent_h1: 1, superlevel: null });
});

describe('points on a torus', () => {
  test('distances go the shorter way round, in every direction', () => {
    expect(torusDistance([1, 1], [31, 1], 32)).toBe(2);
    expect(torusDistance([1, 1], [31, 1], null)).toBe(30);
    expect(torusDistance([0, 30, 1], [3, 2, 31], 32)).toBe(Math.sqrt(9 + 16 + 4));
    expect(torusDistance([0, 0], [16, 16], 32)).toBe(Math.hypot(16, 16));
  });

  test('thinning keeps the first, spreads out and says what it left out', () => {
    const points: Point[] = Array.from({ length: 100 }, (_, i) => [i, 0]);
    const { kept, radius } = farthestPoints(points, 5, null);
    expect(kept.slice(0, 3)).toEqual([0, 99, 49]);
    expect(radius).toBe(Math.max(...points.map((p) => Math.min(...kept.map((k) => torusDistance(p, points[k]!, null))))));
    expect(farthestPoints(points, 100, null)).toMatchObject({ radius: 0 });
  });

  test('a thinned cloud has the long bars of the whole, within four radii', () => {
    const random = new SeededRandom(6);
    const points: Point[] = Array.from({ length: 200 }, (_, i) => [10 * Math.cos(i) + 0.3 * random.normal(), 10 * Math.sin(i) + 0.3 * random.normal()]);
    const { kept, radius } = farthestPoints(points, 50, null);
    const longest = (cloud: readonly Point[]): number => Math.max(...ripsPersistence(distanceMatrix(cloud, null), cloud.length).bars.filter(({ dim }) => dim === 1).map(({ birth, death }) => death! - birth));
    expect(Math.abs(longest(points) - longest(kept.map((i) => points[i]!)))).toBeLessThanOrEqual(4 * radius);
  });
});

describe('clusters', () => {
  /** By definition: cores, and the components of cores within eps of each other. */
  function slowClusters(points: readonly Point[], eps: number, least: number, period: number | null): string[] {
    const isNear = (i: number, j: number): boolean => torusDistance(points[i]!, points[j]!, period) <= eps;
    const all = points.map((_, i) => i);
    const cores = all.filter((i) => all.filter((j) => isNear(i, j)).length >= least);
    const label = new Map(cores.map((i) => [i, i]));
    for (let changed = true; changed; ) {
      changed = false;
      for (const i of cores) for (const j of cores) if (isNear(i, j) && label.get(j)! < label.get(i)!) changed = Boolean(label.set(i, label.get(j)!));
    }
    return cores.map((i) => `${i}:${label.get(i)!}`);
  }

  test.each([[null], [10], [3]])('are those of the definition (period %s)', (period) => {
    const random = new SeededRandom(7);
    for (let trial = 0; trial < 20; trial++) {
      const points: Point[] = Array.from({ length: 60 }, () => [(period ?? 10) * random.uniform(), (period ?? 10) * random.uniform()]);
      const clusters = clustersOf(points, 1, 4, period)!;
      const slow = slowClusters(points, 1, 4, period);
      const cores = new Set(slow.map((entry) => Number(entry.split(':')[0])));
      const mine = clusters.flatMap((members) => {
        const own = members.filter((i) => cores.has(i));
        return own.map((i) => `${i}:${Math.min(...own)}`);
      });
      expect(mine.sort()).toEqual(slow.sort());
      const members = clusters.flat();
      expect(new Set(members).size).toBe(members.length);
      const near = points.flatMap((point, i) => ([...cores].some((core) => torusDistance(point, points[core]!, period) <= 1) ? [i] : []));
      expect(members.sort((a, b) => a - b)).toEqual(near);
    }
  });

  test('of more points at one place than can be held against each other are not looked for, and the rest is there', () => {
    const points: Point[] = Array.from({ length: 4000 }, () => [1, 1]);
    expect(clustersOf(points, 1, 4, null)).toBeNull();
    expect(clustersOf(points.slice(0, 1000), 1, 4, null)).toHaveLength(1);
    const topology = eventTopology(points.map(([x, y]) => ({ x: x!, y: y!, z: 0, t_step: null, magnitude: null, phase: null })), null);
    expect(topology).toMatchObject({ n_events: 4000, q_counts: { Q_nu: null, Q_theta: null, transient: null, unclustered: null } });
    expect(topologySchema.safeParse(topology).success).toBe(true);
  });
});
