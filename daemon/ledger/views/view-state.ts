import type { InstantiateOptions, JsonObject, Mode, ViewTarget } from '../../brainstem/contract.ts';
import { isObject } from '../../../protocol/common/json.ts';
import { IndexState } from './index-state.ts';
import { frame, itemBytes, joined, SEPARATOR_BYTES, type Frame } from './layout.ts';
import { deltaOf, type Batch, type Delta, type Item } from './item.ts';
import { isIndex, isRollUp } from './route.ts';
import type { RunSetting } from './run-history.ts';
import { SourceFold, type RouteFinder } from './source-fold.ts';
import { Tally } from './tally.ts';
import { fillTotals } from './totals.ts';

/** What a file's content is made of besides its entries; the brainstem and the routes. */
export interface ViewContext {
  instantiate(template: string, options: InstantiateOptions): JsonObject;
  readonly routeOf: RouteFinder;
  /** For records that come without settings of their own. */
  readonly run: RunSetting;
}

/** A part of a file that reached its size and is never written again. */
export interface SealedPart {
  readonly file: string;
  readonly entries: number;
}

/** An item to append, or the point at which the file is closed and the next part begins. */
export type Step = { readonly kind: 'append'; readonly chunk: Buffer; readonly items: number } | { readonly kind: 'seal'; readonly frame: Frame; readonly part: SealedPart; readonly itemBytes: number };

/**
 * Everything one file says, as a pure function of the records that went into it: the same records give the same bytes,
 * in the running daemon, after a crash, in `verify` and in `rebuild`.
 */
export class ViewState {
  readonly target: ViewTarget;
  readonly #context: ViewContext;
  #tally = new Tally();
  #fold: SourceFold | null;
  readonly #index: IndexState | null;
  /** Sequence number of the last record in it; 0 = none. */
  seq = 0;
  /** Lines in the array of the present part. */
  items = 0;
  /** Their bytes, separators included. */
  itemBytes = 0;
  #firstSeq = 0;
  #firstIso = '';
  /** Mode of the run that the first record came from. */
  #mode: Mode | null = null;
  #lastIso = '';
  #parts: SealedPart[] = [];

  constructor(target: ViewTarget, context: ViewContext) {
    this.target = target;
    this.#context = context;
    this.#fold = isRollUp(target) ? new SourceFold() : null;
    this.#index = isIndex(target) ? new IndexState(target.level) : null;
  }

  /** Sealed parts so far. */
  get parts(): readonly SealedPart[] {
    return this.#parts;
  }

  /** Entries counted, over all parts. */
  get total(): number {
    return this.#tally.total;
  }

  /**
   * Adds the records of one step of time.
   * @param deltas their sums by route, in order of their first record @param batch the records themselves @param run what was in force for all of them
   * @returns what is to be done to the file
   */
  apply(deltas: readonly Delta[], batch: Batch, run: RunSetting = this.#context.run): Step[] {
    if (this.#index !== null) {
      for (const delta of deltas) {
        this.#count(delta, run);
        this.#index.add(delta.route, delta.entries);
      }
      return this.#appendSources(this.#index);
    }
    const chunk = batch.chunkFor(this.target);
    if (this.itemBytes + chunk.length > run.maxViewBytes) return this.#applyOneByOne(batch.items, run);
    for (const delta of deltas) {
      this.#count(delta, run);
      this.#fold?.add(delta.route);
    }
    return [this.#append(chunk, batch.items.length)];
  }

  #applyOneByOne(items: readonly Item[], run: RunSetting): Step[] {
    const steps: Step[] = [];
    let texts: Buffer[] = [];
    /** Of `texts`, with separators. */
    let bytes = 0;
    for (const item of items) {
      const text = item.textFor(this.target);
      if (this.items + texts.length > 0 && this.itemBytes + bytes + text.length + SEPARATOR_BYTES > run.maxViewBytes) {
        if (texts.length > 0) steps.push(this.#append(joined(texts), texts.length));
        texts = [];
        bytes = 0;
        const part = { file: partName(this.target.path, this.#parts.length + 1), entries: this.items };
        steps.push({ kind: 'seal', frame: this.frame(), part, itemBytes: this.itemBytes });
        this.#parts = [...this.#parts, part];
        this.items = 0;
        this.itemBytes = 0;
      }
      this.#count(deltaOf(item), run);
      this.#fold?.add(item.route);
      texts.push(text);
      bytes += itemBytes(text.length + SEPARATOR_BYTES, this.items === 0 && texts.length === 1);
    }
    steps.push(this.#append(joined(texts), texts.length));
    return steps;
  }

  #appendSources(index: IndexState): Step[] {
    const lines = index.takeNewSources().map((source) => Buffer.from(JSON.stringify(source)));
    return [this.#append(joined(lines), lines.length)];
  }

  #append(chunk: Buffer, items: number): Step {
    this.itemBytes += itemBytes(chunk.length, this.items === 0);
    this.items += items;
    return { kind: 'append', chunk, items };
  }

  #count(delta: Delta, run: RunSetting): void {
    this.#tally.merge(delta.tally);
    if (this.#firstSeq === 0 || delta.first.seq < this.#firstSeq) [this.#firstSeq, this.#firstIso, this.#mode] = [delta.first.seq, delta.first.iso, run.mode];
    if (delta.last.seq > this.seq) [this.seq, this.#lastIso] = [delta.last.seq, delta.last.iso];
  }

  /** Head and tail of the file as it is now. */
  frame(): Frame {
    const { target } = this;
    const document = this.#context.instantiate(target.template, { iso: this.#firstIso, level: target.level, scope: target.scope, begins: target.begins, ...(this.#mode === null ? {} : { mode: this.#mode }) });
    const metadata = isObject(document.metadata) ? document.metadata : (document.metadata = {});
    Object.assign(metadata, { last_updated: this.#lastIso, through_seq: this.seq });
    if (this.#parts.length > 0) Object.assign(metadata as JsonObject, { earlier_parts: this.#parts, entries_in_this_part: this.items });
    if (this.#fold !== null || this.#index !== null) this.#describe(document);
    fillTotals(document, this.#tally);
    return frame(document, arrayPathOf(target));
  }

  #describe(document: JsonObject): void {
    const summary = isObject(document.summary) ? document.summary : (document.summary = {});
    const add: JsonObject = { total_entries: this.#tally.total };
    if (this.#fold !== null) add.data_sources = this.#fold.paths(this.#context.routeOf);
    if (this.#index !== null) {
      Object.assign(add, this.#index.periodTotals);
      if (this.target.level !== 'hour') document.sub_levels = this.#index.children;
    }
    Object.assign(summary as JsonObject, add);
  }

  /** For the journal's notes: all that is not in the file itself. */
  toJSON(): JsonObject {
    return {
      s: this.seq,
      n: this.items,
      b: this.itemBytes,
      y: this.#tally.toJSON(),
      f: this.#firstSeq,
      g: this.#firstIso,
      l: this.#lastIso,
      m: this.#mode,
      d: this.#fold?.toJSON() ?? null,
      c: this.#index?.childCounts() ?? null,
      q: this.#parts,
    };
  }

  /**
   * The state an earlier run noted.
   * @param sources the list in the file, for an index
   * @throws when the note is not one of ours
   */
  static restore(target: ViewTarget, context: ViewContext, json: JsonObject, sources: readonly string[]): ViewState {
    const state = new ViewState(target, context);
    const { s, n, b, y, f, g, l, m, d, c, q } = json as { s: number; n: number; b: number; y: JsonObject; f: number; g: string; l: string; m: Mode | null; d: unknown; c: Record<string, number> | null; q: SealedPart[] };
    [state.seq, state.items, state.itemBytes, state.#firstSeq, state.#firstIso, state.#lastIso, state.#mode, state.#parts] = [s, n, b, f, g, l, m, q];
    state.#tally = Tally.from(y);
    if (state.#fold !== null) state.#fold = SourceFold.from(d);
    state.#index?.restore(c ?? {}, sources);
    return state;
  }
}

/** Where a file's growing array is. */
export function arrayPathOf(target: ViewTarget): string[] {
  return target.arrayKey === null ? ['summary', 'data_sources'] : target.arrayKey.split('.');
}

/** `aggregated.json` -> `aggregated.0001.json` */
function partName(path: string, part: number): string {
  return path.replace(/(\.json)?$/, `.${String(part).padStart(4, '0')}$1`);
}

