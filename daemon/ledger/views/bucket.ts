import type { Level } from '../../brainstem/contract.ts';

/*
 * A bucket is the hour an entry belongs to for ever, as its folders name it: `2026/11/W47/20/14`. The hour that a clock
 * change repeats is one bucket. Buckets are compared by date and hour; the week only names a folder.
 */

/** How many parts of a bucket name a period. */
const DEPTH: Readonly<Record<Level, number>> = { root: 0, year: 1, month: 2, week: 3, day: 4, hour: 5 };

const LEVELS: readonly Level[] = ['root', 'year', 'month', 'week', 'day', 'hour'];

/** The period of a level that a bucket lies in: `2026/11/W47`; empty for the root. */
export function scopeOfBucket(bucket: string, level: Level): string {
  return bucket.split('/').slice(0, DEPTH[level]).join('/');
}

/** Negative when `a` is before `b`. */
export function compareBuckets(a: string, b: string): number {
  const [timeOfA, timeOfB] = [timeOf(a), timeOf(b)];
  return timeOfA < timeOfB ? -1 : timeOfA > timeOfB ? 1 : 0;
}

/** The coarsest level at which two buckets are in different periods; null for the same bucket. */
export function levelApart(a: string, b: string): Exclude<Level, 'root'> | null {
  const [partsOfA, partsOfB] = [a.split('/'), b.split('/')];
  for (let depth = 1; depth <= 5; depth += 1) if (partsOfA[depth - 1] !== partsOfB[depth - 1]) return LEVELS[depth] as Exclude<Level, 'root'>;
  return null;
}

/** The coarser of two levels. */
export function coarser(a: Level, b: Level): Level {
  return DEPTH[a] <= DEPTH[b] ? a : b;
}

/** The next finer level; null below the hour. */
export function finer(level: Level): Level | null {
  return LEVELS[DEPTH[level] + 1] ?? null;
}

function timeOf(bucket: string): string {
  const [year = '', month = '', , day = '', hour = ''] = bucket.split('/');
  return `${year.padStart(6, '0')}/${month}/${day}/${hour}`;
}
