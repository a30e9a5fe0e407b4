import type { FileType, JsonObject, ViewTarget } from '../brainstem/contract.ts';
import { typeOfId, type PlacedEntry } from './entries.ts';
import { jsonChunks } from './json-chunks.ts';
import { Tally } from './tally.ts';
import { isObject } from '../../protocol/common/json.ts';
import { fillTotals, subLevels } from './totals.ts';

/** Thrown when a file is not the document it should be: not JSON, or something else where the entries should be. */
export class CorruptDocument extends Error {}

/**
 * One file with entries, in memory: the JSON as it is on disk plus what can be derived from its entries (ids seen,
 * counts, hours). Adding an entry twice is the same as adding it once.
 */
export class EntryDocument {
  readonly json: JsonObject;
  readonly tally = new Tally();
  readonly sources: Set<string>;
  readonly #ids = new Set<string>();
  readonly #target: ViewTarget;
  readonly #hourOf: (entry: JsonObject) => string | null;

  /**
   * @param type what entries without an id of ours are taken for
   * @param hourOf hour scope of an entry, null when it has no usable timestamp
   * @param share an equal entry that is in memory already, or the entry itself: one attempt stands in nineteen files
   * @throws CorruptDocument
   */
  constructor(json: JsonObject, target: ViewTarget, type: FileType, hourOf: (entry: JsonObject) => string | null, share: (entry: JsonObject) => JsonObject) {
    this.json = json;
    this.#target = target;
    this.#hourOf = hourOf;
    this.sources = new Set(isRollUp(target) ? sourcesOf(json) : []);
    for (const array of entryArrays(json, target)) {
      array.forEach((entry, index) => {
        if (!isObject(entry)) throw new CorruptDocument(`an entry of ${target.path} is not an object`);
        array[index] = share(entry);
        this.#count(entry, typeOfId(entry.id) ?? type);
      });
    }
  }

  /**
   * @param arrayKey dotted path of the array for entries of this type
   * @param sources files the entry can be read from, relative to the base folder
   * @throws CorruptDocument when something that is no array stands at `arrayKey`
   */
  add(placed: PlacedEntry, arrayKey: string, sources: readonly string[]): void {
    for (const source of sources) this.sources.add(source);
    if (this.#ids.has(placed.id)) return;
    arrayAt(this.json, arrayKey).push(placed.entry);
    this.#count(placed.entry, placed.type);
  }

  /** The file's text in pieces, with totals brought up to date. @param updated local time with offset */
  render(updated: string): Iterable<string> {
    stamp(this.json, updated);
    if (isRollUp(this.#target)) setRollUp(this.json, this.tally, this.sources);
    fillTotals(this.json, this.tally);
    return jsonChunks(this.json);
  }

  #count(entry: JsonObject, type: FileType): void {
    if (typeof entry.id === 'string') this.#ids.add(entry.id);
    this.tally.add(type, entry, this.#hourOf(entry));
  }
}

/**
 * The text of an index file: the counts and sources of the roll-up beside it, without its data. An index is computed
 * from that roll-up alone, so it is right again after any fault as soon as it is written once.
 */
export function renderIndex(json: JsonObject, target: ViewTarget, rollUp: EntryDocument, updated: string): Iterable<string> {
  stamp(json, updated);
  const summary = setRollUp(json, rollUp.tally, rollUp.sources);
  const below = subLevels(target.level, rollUp.tally.hours);
  Object.assign(summary, below.totals);
  if (target.level !== 'hour') json.sub_levels = below.children;
  fillTotals(json, rollUp.tally);
  return jsonChunks(json);
}

/** Reads a document's text. @throws CorruptDocument */
export function parseDocument(text: string, file: string): JsonObject {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CorruptDocument(`${file} is not valid JSON: ${(error as Error).message}`);
  }
  if (!isObject(json)) throw new CorruptDocument(`${file} is not a JSON object`);
  return json;
}

export function isRollUp(target: ViewTarget): boolean {
  return target.role === 'aggregated' || target.role === 'aggregated_global';
}

function stamp(json: JsonObject, updated: string): void {
  if (!isObject(json.metadata)) json.metadata = {};
  (json.metadata as JsonObject).last_updated = updated;
}

function setRollUp(json: JsonObject, tally: Tally, sources: ReadonlySet<string>): JsonObject {
  if (!isObject(json.summary)) json.summary = {};
  const summary = json.summary as JsonObject;
  summary.total_entries = tally.total;
  summary.data_sources = [...sources].sort();
  return summary;
}

function sourcesOf(json: JsonObject): string[] {
  const sources = isObject(json.summary) ? json.summary.data_sources : undefined;
  return Array.isArray(sources) ? sources.filter((source) => typeof source === 'string') : [];
}

/** The arrays that hold a document's entries. A roll-up of several types has one for each, side by side. */
function entryArrays(json: JsonObject, target: ViewTarget): unknown[][] {
  const arrayKey = target.arrayKey ?? 'entries';
  const own = arrayAt(json, arrayKey);
  if (!isRollUp(target) || !arrayKey.includes('.')) return [own];
  return Object.values(holderOf(json, arrayKey).holder).filter(Array.isArray);
}

/** The array at a dotted path, created when it is not there. @throws CorruptDocument when something else is there */
function arrayAt(json: JsonObject, arrayKey: string): unknown[] {
  const { holder, last } = holderOf(json, arrayKey);
  const array = (holder[last] ??= []);
  if (!Array.isArray(array)) throw new CorruptDocument(`"${arrayKey}" should be an array`);
  return array;
}

function holderOf(json: JsonObject, arrayKey: string): { holder: JsonObject; last: string } {
  const keys = arrayKey.split('.');
  const last = keys.pop() ?? arrayKey;
  let holder = json;
  for (const key of keys) {
    const inner = (holder[key] ??= {});
    if (!isObject(inner)) throw new CorruptDocument(`"${key}" should be an object`);
    holder = inner;
  }
  return { holder, last };
}
