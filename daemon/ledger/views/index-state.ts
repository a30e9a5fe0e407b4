import type { Level } from '../../brainstem/contract.ts';
import { finer, scopeOfBucket } from './bucket.ts';
import type { Route } from './route.ts';

/**
 * What an index knows: how many entries each next finer period has, every hour file written, and how many periods of each
 * level those are. The list of files only grows, so an index file is appended to like any other.
 */
export class IndexState {
  readonly #level: Level;
  readonly #children = new Map<string, number>();
  readonly #sources = new Set<string>();
  readonly #periods = new Map<Level, Set<string>>();
  /** Files not yet in the text handed out by `takeNewSources`. */
  #fresh: string[] = [];

  constructor(level: Level) {
    this.#level = level;
    for (let below = finer(level); below !== null; below = finer(below)) this.#periods.set(below, new Set());
  }

  /** Counts entries of one hour of a family. */
  add(route: Route, entries: number): void {
    const below = finer(this.#level);
    if (below !== null) {
      const scope = scopeOfBucket(route.bucket, below);
      this.#children.set(scope, (this.#children.get(scope) ?? 0) + entries);
    }
    if (route.globalSource !== null) this.#addSource(route.globalSource);
    if (route.sources.hour !== undefined) this.#addSource(route.sources.hour);
  }

  /** Takes up what a file of an earlier run says. @param children as the journal's notes keep them @param sources the file's own list */
  restore(children: Readonly<Record<string, number>>, sources: readonly string[]): void {
    for (const [scope, entries] of Object.entries(children)) this.#children.set(scope, entries);
    for (const path of sources) this.#know(path);
  }

  #addSource(path: string): void {
    if (this.#sources.has(path)) return;
    this.#know(path);
    this.#fresh.push(path);
  }

  /** Periods are counted by the files' names alone, so that the list in the file says them again after a restart. */
  #know(path: string): void {
    this.#sources.add(path);
    const [, year, month, day, hour] = HOUR_IN_PATH.exec(path) ?? [];
    if (year === undefined || month === undefined || day === undefined || hour === undefined) return;
    for (const [level, periods] of this.#periods) periods.add(periodOf(level, year, month, day, hour));
  }

  /** The next finer periods that have entries, in order of scope. */
  get children(): readonly { readonly scope: string; readonly total_entries: number }[] {
    return [...this.#children].sort(([a], [b]) => (a < b ? -1 : 1)).map(([scope, total_entries]) => ({ scope, total_entries }));
  }

  /** `total_years` ... `total_hours`: how many periods of each finer level have entries. */
  get periodTotals(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#periods].map(([level, scopes]) => [`total_${level}s`, scopes.size]));
  }

  /** For the journal's notes. */
  childCounts(): Record<string, number> {
    return Object.fromEntries(this.#children);
  }

  /** Files that joined the list since the last call, in order. */
  takeNewSources(): string[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}

/** An hour's folder in a path; those of reports have no week. */
const HOUR_IN_PATH = /(?:^|\/)(\d{4})\/(\d\d)\/(?:W\d\d\/)?(\d\d)\/(\d\d)\//;

const DAY_MS = 86_400_000;

/**
 * A name for the period of a level that an hour lies in. Weeks of either rule begin on Mondays and are cut at the end of
 * the month, so two days are in the same one when month and Monday are the same, whatever number the folder has.
 */
function periodOf(level: Level, year: string, month: string, day: string, hour: string): string {
  switch (level) {
    case 'year':
      return year;
    case 'month':
      return `${year}/${month}`;
    case 'week':
      // 1970-01-01 was a Thursday.
      return `${year}/${month}/${Math.floor((Date.UTC(Number(year), Number(month) - 1, Number(day)) / DAY_MS + 3) / 7)}`;
    case 'day':
      return `${year}/${month}/${day}`;
    default:
      return `${year}/${month}/${day}/${hour}`;
  }
}
