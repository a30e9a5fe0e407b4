import type { FileType, JsonObject, ViewTarget } from '../../brainstem/contract.ts';
import { localIso } from '../../brainstem/local-iso.ts';
import type { LedgerRecord } from '../journal/record.ts';
import { joined } from './layout.ts';
import type { Route } from './route.ts';
import { Tally } from './tally.ts';

/** One entry on its way into the files. */
export class Item {
  readonly seq: number;
  readonly route: Route;
  readonly #at: number;
  readonly #zone: number;
  readonly #text: Buffer;
  #entry: JsonObject | null = null;
  /** Its short forms, by their list of fields. */
  readonly #short = new Map<readonly string[], Buffer>();

  constructor(record: LedgerRecord, route: Route) {
    this.seq = record.seq;
    this.route = route;
    this.#at = record.at;
    this.#zone = record.zone;
    this.#text = Buffer.from(record.entryText);
  }

  /** Local time of its arrival. */
  get iso(): string {
    return localIso(this.#at, this.#zone);
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
  /** Its first and last record. */
  readonly first: Item;
  last: Item;
}

/** The sums of a single record. */
export function deltaOf(item: Item): Delta {
  const tally = new Tally();
  tally.add(item.route.type as FileType, item.entry);
  return { route: item.route, tally, entries: 1, first: item, last: item };
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
  to.last = more.last;
}

/** Records of one step of time that go to the same files, in order. */
export class Batch {
  readonly items: readonly Item[];
  /** Their lines, each with its separator before it, by the list of fields. */
  readonly #chunks = new Map<readonly string[] | null, Buffer>();

  constructor(items: readonly Item[]) {
    this.items = items;
  }

  /** All lines in one: put together once, however many files take them. */
  chunkFor(target: Pick<ViewTarget, 'entryFields'>): Buffer {
    let chunk = this.#chunks.get(target.entryFields);
    if (chunk === undefined) this.#chunks.set(target.entryFields, (chunk = joined(this.items.map((item) => item.textFor(target)))));
    return chunk;
  }
}
