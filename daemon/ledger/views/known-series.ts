import { compareBuckets, scopeOfBucket } from './bucket.ts';
import type { Route } from './route.ts';
import type { ViewTarget } from '../../brainstem/contract.ts';

/**
 * Tells a file that has never had an entry from one that had some and was closed. A series is one file name through all
 * its periods; entries come in order of time but for the odd late one, so its newest hour answers the question.
 */
export class KnownSeries {
  readonly #newestBySeries = new Map<string, string>();
  readonly #newestByFamily = new Map<string, { readonly type: string; readonly category: string; readonly bucket: string }>();

  /** True when no record before could have gone into this file. */
  isNew(target: ViewTarget, bucket: string): boolean {
    const newest = this.#newestBySeries.get(seriesOf(target));
    if (newest === undefined) return true;
    return compareBuckets(bucket, newest) > 0 && scopeOfBucket(newest, target.level) !== scopeOfBucket(bucket, target.level);
  }

  /** A record of this route was seen. */
  add(route: Route): void {
    const { family, type, category, bucket } = route;
    const known = this.#newestByFamily.get(family);
    if (known !== undefined && compareBuckets(bucket, known.bucket) <= 0) return;
    this.#newestByFamily.set(family, { type, category, bucket });
    for (const target of route.targets) {
      const series = seriesOf(target);
      const newest = this.#newestBySeries.get(series);
      if (newest === undefined || compareBuckets(bucket, newest) > 0) this.#newestBySeries.set(series, bucket);
    }
  }

  toJSON(): unknown {
    return [...this.#newestByFamily.values()];
  }
}

/** A path without its digits: what is left is the same for every period. Two series that look alike only cost a needless look into the journal. */
function seriesOf(target: ViewTarget): string {
  return target.path.replace(/\d+/g, '#');
}
