import type { FileType, JsonObject, ViewTarget } from '../../brainstem/contract.ts';
import { localIso } from '../../brainstem/local-iso.ts';
import type { LedgerRecord } from '../journal/record.ts';
import type { Route } from './route.ts';
import { Tally } from './tally.ts';

/** One entry on its way into the files. */
export class Item {
  readonly seq: number;
  readonly route: Route;
  /** Local time of its arrival. */
  readonly iso: string;
  readonly #text: Buffer;
  #entry: JsonObject | null = null;
  /** Its short forms, by their list of fields. */
  readonly #short = new Map<readonly string[], Buffer>();

  constructor(record: LedgerRecord, route: Route) {
    this.seq = record.seq;
    this.route = route;
    this.iso = localIso(record.at, record.zone);
    this.#text = Buffer.from(record.entryText);
  }

  /** Parsed once. */
  get entry(): JsonObject {
    this.#entry ??= JSON.parse(this.#text.toString()) as JsonObject;
    return this.#entry;
  }

  /** Bytes of the whole entry. */
  get bytes(): number {
    return this.#text.length;
  }

  /** The line that stands for it in a file, without separators. */
  textFor({ entryFields }: Pick<ViewTarget, 'entryFields'>): Buffer {
    if (entryFields === null) return this.#text;
    let short = this.#short.get(entryFields);
    if (short === undefined) this.#short.set(entryFields, (short = Buffer.from(shortForm(this.entry, entryFields))));
    return short;
  }
}

/** An entry's JSON with some of its fields only, in their order. */
export function shortForm(entry: JsonObject, fields: readonly string[]): string {
  return JSON.stringify(Object.fromEntries(fields.filter((field) => entry[field] !== undefined).map((field) => [field, entry[field]])));
}

/** What a run of entries of one route adds to every file they go to. */
export interface Delta {
  readonly route: Route;
  readonly tally: Tally;
  entries: number;
  firstSeq: number;
  firstIso: string;
  lastSeq: number;
  lastIso: string;
}

/** The sums of a single record. */
export function deltaOf(item: Item): Delta {
  const tally = new Tally();
  tally.add(item.route.type as FileType, item.entry);
  return { route: item.route, tally, entries: 1, firstSeq: item.seq, firstIso: item.iso, lastSeq: item.seq, lastIso: item.iso };
}

/** The same sums, to be added to. */
export function copyOf(delta: Delta): Delta {
  const tally = new Tally();
  tally.merge(delta.tally);
  return { ...delta, tally };
}

/** Adds the sums of later records of the same route. */
export function addDelta(to: Delta, more: Delta): void {
  to.tally.merge(more.tally);
  to.entries += more.entries;
  to.lastSeq = more.lastSeq;
  to.lastIso = more.lastIso;
}
