/** Density-based clusters (DBSCAN: Ester, Kriegel, Sander and Xu 1996). */
import { torusDistance, type Point } from './torus.ts';

/** A second's work, and a hundred megabytes. On a grid a point has 33 within two cells at most, itself counted. */
export const MOST_PAIRS = 10_000_000;

/**
 * A point with `least` points or more within `eps`, itself counted, is a core; cores within `eps` of each other are of one cluster, and
 * so are the points within `eps` of a core (of the first such cluster).
 * @param mostPairs of points within `eps` of each other that may be looked at: as many as there are points squared, where all lie together
 * @returns the members of each cluster; who is in none belongs to no cluster. Null = there are too many pairs.
 */
export function clustersOf(points: readonly Point[], eps: number, least: number, period: number | null, mostPairs = MOST_PAIRS): number[][] | null {
  const around = neighbours(points, eps, period);
  const known: (readonly number[] | undefined)[] = [];
  let pairs = 0;
  const near = (i: number): readonly number[] => {
    if (known[i] === undefined) pairs += (known[i] = around(i)).length;
    return known[i]!;
  };
  const clusterOf = new Int32Array(points.length).fill(-1);
  const clusters: number[][] = [];
  for (let i = 0; i < points.length; i++) {
    if (pairs > mostPairs) return null;
    if (clusterOf[i]! >= 0 || near(i).length < least) continue;
    const members: number[] = [];
    const queue = [i];
    clusterOf[i] = clusters.length;
    for (let p = queue.pop(); p !== undefined; p = queue.pop()) {
      if (pairs > mostPairs) return null;
      members.push(p);
      const others = near(p);
      if (others.length < least) continue;
      for (const q of others) {
        if (clusterOf[q]! >= 0) continue;
        clusterOf[q] = clusters.length;
        queue.push(q);
      }
    }
    clusters.push(members.sort((a, b) => a - b));
  }
  return clusters;
}

/** Only points of the same bin and of those beside it can be within `eps`. */
function neighbours(points: readonly Point[], eps: number, period: number | null): (i: number) => number[] {
  const perAxis = period === null ? null : Math.max(1, Math.floor(period / eps));
  const width = perAxis === null ? eps : period! / perAxis;
  const wrap = (bin: number): number => (perAxis === null ? bin : ((bin % perAxis) + perAxis) % perAxis);
  const binOf = (point: Point): number[] => point.map((x) => wrap(Math.floor(x / width)));
  const bins = new Map<string, number[]>();
  points.forEach((point, i) => {
    const key = binOf(point).join();
    const bin = bins.get(key);
    if (bin === undefined) bins.set(key, [i]);
    else bin.push(i);
  });
  return (i) => {
    const keys = binOf(points[i]!).reduce<number[][]>((all, bin) => all.flatMap((before) => [...new Set([wrap(bin - 1), bin, wrap(bin + 1)])].map((b) => [...before, b])), [[]]);
    return keys.flatMap((key) => (bins.get(key.join()) ?? []).filter((j) => torusDistance(points[i]!, points[j]!, period) <= eps));
  };
}
