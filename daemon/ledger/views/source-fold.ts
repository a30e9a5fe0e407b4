import type { FileType, Level } from '../../brainstem/contract.ts';
import { coarser, compareBuckets, levelApart, scopeOfBucket } from './bucket.ts';
import type { Route } from './route.ts';

/** One period that a roll-up holds entries of, named by an hour in it. */
type Item = readonly [level: Level, bucket: string];

interface Family {
  type: FileType;
  category: string;
  newest: string;
  items: Item[];
}

/** Finds the route of another hour of a family, for the names of its files. */
export type RouteFinder = (type: FileType, category: string, bucket: string) => Route;

/**
 * The fewest files that together hold everything a roll-up does: the hours of the newest day, the other days of its week,
 * the other weeks of its month, and so on, each family's global file with them. A list of every hour would grow to
 * hundreds of kilobytes a year in a file that is read for its totals; the index beside it has that list.
 */
export class SourceFold {
  readonly #families = new Map<string, Family>();

  /** What it gives depends only on which hours were added, not on their order or number. */
  add(route: Route): void {
    const { family: key, type, category, bucket } = route;
    const family = this.#families.get(key);
    if (family === undefined) {
      this.#families.set(key, { type, category, newest: bucket, items: [['hour', bucket]] });
      return;
    }
    if (bucket === family.newest) return;
    if (compareBuckets(bucket, family.newest) > 0) {
      const folded = family.items.map(([level, at]): Item => [coarser(level, levelApart(at, bucket) ?? 'hour'), at]);
      family.newest = bucket;
      family.items = [];
      for (const item of folded) put(family.items, item);
      put(family.items, ['hour', bucket]);
    } else {
      put(family.items, [levelApart(bucket, family.newest) ?? 'hour', bucket]);
    }
  }

  /** Paths relative to the base folder, each once, sorted. */
  paths(routeOf: RouteFinder): string[] {
    const paths = new Set<string>();
    for (const { type, category, newest, items } of this.#families.values()) {
      for (const [level, bucket] of items) {
        const { sources } = routeOf(type, category, bucket);
        const path = sources[level] ?? sources.hour;
        if (path !== undefined) paths.add(path);
      }
      const { globalSource } = routeOf(type, category, newest);
      if (globalSource !== null) paths.add(globalSource);
    }
    return [...paths].sort();
  }

  toJSON(): unknown {
    return [...this.#families.values()].map((family) => ({ ...family, items: [...family.items] }));
  }

  static from(json: unknown): SourceFold {
    const fold = new SourceFold();
    for (const family of json as Family[]) fold.#families.set(`${family.type}/${family.category}`, { ...family, items: [...family.items] });
    return fold;
  }
}

/** The hour named is the first one seen of its period, which says nothing the path would not. */
function put(items: Item[], [level, bucket]: Item): void {
  const scope = scopeOfBucket(bucket, level);
  if (!items.some(([known, at]) => scopeOfBucket(at, known) === scope)) items.push([level, bucket]);
}
