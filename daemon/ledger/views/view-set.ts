import path from 'node:path';
import type { FileType, JsonObject, ViewTarget } from '../../brainstem/contract.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import { isObject } from '../../../protocol/common/json.ts';
import type { Disk } from '../disk/disk.ts';
import { unlinkIfThere } from '../disk/files.ts';
import type { LedgerRecord } from '../journal/record.ts';
import { scopeOfBucket } from './bucket.ts';
import { CatchUp, type Discovery } from './catch-up.ts';
import { Intake } from './intake.ts';
import { Batch, deltaOf, type Delta, type Item } from './item.ts';
import { KnownSeries } from './known-series.ts';
import { OpenView, targetOfNote, type Lost, type Tier } from './open-view.ts';
import { Publisher } from './publisher.ts';
import { Routes, type Blueprint, type Route } from './route.ts';
import { RunHistory } from './run-history.ts';
import { numbersIn, shadowKey, Shadows, type TwinsOptions } from './twins.ts';
import type { ViewContext } from './view-state.ts';
import { Waiting, type Stretch } from './waiting.ts';

export interface ViewSetOptions {
  readonly disk: Disk;
  /** Absolute path of the mode's base folder. */
  readonly base: string;
  readonly blueprint: Blueprint & Pick<ViewContext, 'instantiate'>;
  /** Until a run says otherwise. */
  readonly maxViewBytes: number;
  /** Milliseconds by a clock that never steps. */
  readonly monotonic: () => number;
  /** Name part for files that are moved aside: local time without colons. */
  readonly stamp: () => string;
  /** Records of the journal, durable ones only, in order. */
  readonly records: (fromSeq: number) => AsyncIterable<LedgerRecord>;
  readonly onWrite: (tier: Tier, bytes: number) => void;
  readonly onSync: () => void;
  /** A file of the tree was not what it should be. */
  readonly onDamage: (file: string, what: string, kept: string | null) => void;
  /** Bytes of entries held for files; beyond it they are read from the journal again. Default 32 MiB a tier, 4 MiB a file. */
  readonly limits?: { readonly tierBytes: number; readonly fileBytes: number };
}

export interface RoundResult {
  /** States to leave in the journal as hints for the next start. */
  readonly notes: readonly JsonObject[];
  /** Files that could not be brought up to date; they are tried again. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

/** A file of a past period that got nothing for this long gives its second inode back. */
const CLOSE_IDLE_MS = 10 * 60_000;
const LIMITS = { tierBytes: 32 << 20, fileBytes: 4 << 20 };
/** Beyond this many the answers are forgotten and found again. */
const MOST_RESOLVED = 4096;
/** Names of notes that are not about a file. */
const FAMILIES_NOTE = '';
const SHOWN_NOTE = '*';
const TIERS: readonly Tier[] = ['leaf', 'coarse'];

/** All files of the tree: which record goes where, and when what becomes public. Rounds must not overlap. */
export class ViewSet {
  readonly #options: ViewSetOptions;
  readonly #context: ViewContext;
  readonly #routes: Routes;
  readonly #intake: Intake;
  readonly #publisher: Publisher;
  readonly #shadows: Shadows;
  readonly #history: RunHistory;
  #series = new KnownSeries();
  readonly #open = new Map<string, OpenView>();
  readonly #resolved = new Map<Route, Readonly<Record<Tier, readonly OpenView[]>>>();
  readonly #waiting: Readonly<Record<Tier, Waiting>>;
  readonly #failed = new Map<string, string>();
  /** Last record handed over. */
  #lastSeq = 0;
  /** Hour of the last record. */
  #lastBucket: string | null = null;
  /** Every record up to these is in all files of the tier that are not behind, */
  readonly #given: Record<Tier, number> = { leaf: 0, coarse: 0 };
  /** and shown by them. */
  readonly #shown: Record<Tier, number> = { leaf: 0, coarse: 0 };
  /** The series as they were when coarse files last showed everything: a file of later records is new to them. */
  #families: unknown = [];
  #familiesTold = '';
  #shownTold = '';

  constructor(options: ViewSetOptions) {
    this.#options = options;
    const { blueprint, onDamage, limits = LIMITS } = options;
    this.#history = new RunHistory(options.maxViewBytes);
    this.#routes = new Routes(blueprint);
    this.#intake = new Intake(this.#routes, this.#history, onDamage);
    this.#shadows = new Shadows(path.join(options.base, '.ledger', 'shadow'));
    this.#publisher = new Publisher({ ...options, onFailed: (view, reason) => this.#failed.set(view.target.path, reason) });
    this.#waiting = { leaf: new Waiting(limits.tierBytes), coarse: new Waiting(limits.tierBytes) };
    this.#context = {
      instantiate: (template, at) => blueprint.instantiate(template, at),
      routeOf: (type, category, bucket) => this.#routes.of(type, category, bucket),
      run: this.#history.at(0),
    };
  }

  /** @throws RigError E_BLUEPRINT_INVALID for a component the blueprint does not know */
  routeOf(type: FileType, category: string, bucket: string): Route {
    return this.#routes.of(type, category, bucket);
  }

  /** Bytes of entries that wait for a round. */
  get waitingBytes(): number {
    return this.#waiting.leaf.bytes + this.#waiting.coarse.bytes;
  }

  /** Last record that was handed over, or found in the journal by `restore`. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Takes a durable record, which becomes visible with the next round of each tier; one it has is skipped by its number. */
  take(record: LedgerRecord): void {
    if (record.seq <= this.#lastSeq) return;
    this.#lastSeq = record.seq;
    const route = this.#intake.routeOf(record);
    if (route === null) return;
    this.#lastBucket = record.bucket;
    this.#viewsOf(route, record.seq);
    const taken = this.#intake.read(record, route);
    if (taken === null) return;
    const run = this.#history.at(record.seq);
    for (const tier of TIERS) this.#waiting[tier].add(taken.item, taken.delta, run);
  }

  #viewsOf(route: Route, seq: number): Readonly<Record<Tier, readonly OpenView[]>> {
    const known = this.#resolved.get(route);
    if (known !== undefined) return known;
    const views = route.targets.map((target) => this.#viewOf(target, route, seq));
    this.#series.add(route);
    const resolved = { leaf: views.filter((view) => view.tier === 'leaf'), coarse: views.filter((view) => view.tier === 'coarse') };
    if (this.#resolved.size >= MOST_RESOLVED) this.#resolved.clear();
    this.#resolved.set(route, resolved);
    return resolved;
  }

  /** @param seq of the record that goes into it */
  #viewOf(target: ViewTarget, route: Route, seq: number): OpenView {
    const view = this.#open.get(target.path);
    if (view !== undefined && hasSameEntries(view.target, target)) return view;
    const isNew = view === undefined && this.#series.isNew(target, route.bucket);
    return this.#openView(target, isNew ? null : 'behind', isNew ? seq - 1 : 0);
  }

  #openView(target: ViewTarget, lost: Lost | null, position: number): OpenView {
    const { disk, base, onWrite, onSync, monotonic } = this.#options;
    const tier = target.level === 'hour' ? 'leaf' : 'coarse';
    const twins: TwinsOptions = { disk, base, shadows: this.#shadows, onWrite: (bytes) => onWrite(tier, bytes), onSync };
    const view = new OpenView(target, this.#context, twins, { now: monotonic(), lost, position });
    this.#open.set(target.path, view);
    return view;
  }

  /** Hands waiting records to their files and publishes. Never rejects. @param tiers which files */
  async round(tiers: readonly Tier[]): Promise<RoundResult> {
    for (const tier of tiers) this.#distribute(tier);
    const given = { ...this.#given };
    const families = this.#series.toJSON();
    const views = [...this.#open.values()].filter((view) => tiers.includes(view.tier));
    for (const { target } of views) this.#failed.delete(target.path);
    await this.#bringUpToDate(views, tiers.includes('coarse'));
    // What turned out to be damaged, or not to be new, is made good at once.
    const found = views.filter((view) => view.lost !== null && !this.#failed.has(view.target.path));
    if (found.length > 0) await this.#bringUpToDate(found, false);
    for (const view of views) if (view.todoBytes > (this.#options.limits ?? LIMITS).fileBytes) view.fallBehind(given[view.tier]);
    for (const tier of tiers) this.#shown[tier] = given[tier];
    if (tiers.includes('coarse')) this.#families = families;
    const closed = tiers.includes('coarse') ? await this.#closeIdle() : [];
    return { notes: [...closed, ...this.#news()], failed: [...this.#failed].map(([file, reason]) => ({ path: file, reason })) };
  }

  async #bringUpToDate(views: readonly OpenView[], alsoOthers: boolean): Promise<void> {
    const lost = views.filter((view) => view.lost !== null);
    if (lost.length > 0) {
      await this.#catchUp().run(lost).catch((error: unknown) => {
        for (const { target } of lost) this.#failed.set(target.path, messageOf(error));
      });
    }
    const due = new Set(views.filter((view) => view.hasTodo && view.lost === null));
    await this.#publisher.publish([...due]);
    if (alsoOthers) await this.#publisher.check(views.filter((view) => view.lost === null && !due.has(view)));
  }

  #distribute(tier: Tier): void {
    const stretches = this.#waiting[tier].takeAll();
    if (stretches === null) for (const view of this.#open.values()) if (view.tier === tier) view.fallBehind(this.#given[tier]);
    for (const stretch of stretches ?? []) this.#hand(stretch, tier);
    this.#given[tier] = this.#lastSeq;
  }

  #hand({ items, deltas, run }: Stretch, tier: Tier): void {
    const [first] = items;
    if (first === undefined) return;
    const now = this.#options.monotonic();
    const deltasOf = new Map<OpenView, Delta[]>();
    for (const delta of [...deltas.values()].sort((a, b) => a.first.seq - b.first.seq)) {
      for (const view of this.#viewsOf(delta.route, delta.first.seq)[tier]) push(deltasOf, view, delta);
    }
    const batches = new Map<string, Batch>();
    for (const [view, its] of deltasOf) {
      if (view.lost !== null) continue;
      // Files of the same routes get the same records: most of them do, so those are put together once.
      const key = its.map((delta) => delta.first.seq).join();
      let batch = batches.get(key);
      if (batch === undefined) batches.set(key, (batch = its.length === deltas.size ? new Batch(items) : batchOf(items, its)));
      try {
        // After it was caught up a file may have the first of these already.
        if (view.state.seq < first.seq) view.take(its, batch, run, now);
        else for (const item of batch.items) if (item.seq > view.state.seq) view.take([deltaOf(item)], new Batch([item]), run, now);
      } catch (error) {
        view.fallBehind(0);
        this.#failed.set(view.target.path, messageOf(error));
      }
    }
  }

  #catchUp(): CatchUp {
    return new CatchUp({
      ...this.#options,
      context: this.#context,
      history: this.#history,
      publisher: this.#publisher,
      shadows: this.#shadows,
      intake: this.#intake,
      onFailed: (view, reason) => this.#failed.set(view.target.path, reason),
    });
  }

  /** @returns notes about those that were closed */
  async #closeIdle(): Promise<JsonObject[]> {
    const notes: JsonObject[] = [];
    const now = this.#options.monotonic();
    for (const [file, view] of this.#open) {
      if (view.isBehind || now - view.usedAt < CLOSE_IDLE_MS || this.#isPresent(view.target)) continue;
      try {
        await view.twins.release();
      } catch {
        continue;
      }
      this.#publisher.drop(view);
      this.#open.delete(file);
      this.#failed.delete(file);
      notes.push({ p: file, closed: true });
    }
    if (notes.length > 0) this.#resolved.clear();
    return notes;
  }

  /** True for files of the running periods: to open one again all of the journal has to be read. */
  #isPresent({ level, scope }: ViewTarget): boolean {
    return level === 'root' || this.#lastBucket === null || scopeOfBucket(this.#lastBucket, level) === scope;
  }

  /** State of every open file and of the series, for the head of a new segment. */
  notes(): JsonObject[] {
    return [this.#familiesNote(), this.#shownNote(), ...[...this.#open.values()].map((view) => view.note).filter((note) => note !== null)];
  }

  /** What changed since the last notes. */
  #news(): JsonObject[] {
    const families = this.#familiesNote();
    const telling = JSON.stringify(families);
    const isNew = telling !== this.#familiesTold;
    this.#familiesTold = telling;
    const shown = JSON.stringify(this.#shown);
    const isMore = shown !== this.#shownTold;
    this.#shownTold = shown;
    return [...(isNew ? [families] : []), ...(isMore ? [this.#shownNote()] : []), ...[...this.#open.values()].map((view) => view.takeNote()).filter((note) => note !== null)];
  }

  #familiesNote(): JsonObject {
    return { p: FAMILIES_NOTE, families: this.#families, runs: this.#history.toJSON() };
  }

  #shownNote(): JsonObject {
    return { p: SHOWN_NOTE, ...this.#shown };
  }

  /**
   * Takes up the tree where an earlier run left it, and hands out what the files lack; what takes the whole journal is left to
   * the first rounds. May be called again after it rejected.
   * @param notes what the journal kept @param lastSeq last record of the journal
   * @throws the disk's error
   */
  async restore(notes: readonly JsonObject[], lastSeq: number): Promise<void> {
    this.#forgetAll();
    const shown = notes.find((note) => note.p === SHOWN_NOTE);
    const families = notes.find((note) => note.p === FAMILIES_NOTE);
    // Notes about records that are gone, whose numbers are given out again, say nothing about those to come.
    if (shown !== undefined && families !== undefined && TIERS.every((tier) => (shown[tier] as number) <= lastSeq)) {
      for (const tier of TIERS) this.#shown[tier] = this.#given[tier] = shown[tier] as number;
      this.#lastSeq = Math.min(this.#shown.leaf, this.#shown.coarse);
      this.#families = families.families;
      this.#history.restore(families.runs);
      for (const { type, category, bucket } of families.families as { type: FileType; category: string; bucket: string }[]) this.#addFamily(type, category, bucket);
    }
    const ready: OpenView[] = [];
    for (const note of notes) {
      if (note.p === SHOWN_NOTE || note.p === FAMILIES_NOTE) continue;
      if (isObject(note.f)) for (const number of numbersIn(note.f)) this.#shadows.isTaken(number);
      const view = this.#restoreView(note);
      if (view !== null && note.behind === undefined && note.damaged === undefined) ready.push(view);
    }
    await this.#catchUp().run(ready, this.#discovery(Math.min(this.#shown.leaf, this.#shown.coarse)));
    this.#lastSeq = Math.max(this.#lastSeq, lastSeq);
    this.#given.leaf = this.#given.coarse = this.#lastSeq;
    await this.#sweep();
  }

  #forgetAll(): void {
    this.#open.clear();
    this.#resolved.clear();
    this.#publisher.clear();
    this.#failed.clear();
    this.#series = new KnownSeries();
    this.#families = [];
    this.#history.restore([]);
    for (const tier of TIERS) this.#shown[tier] = this.#given[tier] = 0;
    this.#lastSeq = 0;
  }

  /** @returns null for a file that the blueprint has no template for any more: what is there stays as it is */
  #restoreView(note: JsonObject): OpenView | null {
    const target = targetOfNote(note);
    try {
      this.#context.instantiate(target.template, { at: 0, level: target.level, scope: target.scope, begins: target.begins });
    } catch (error) {
      this.#options.onDamage(target.path, messageOf(error), null);
      return null;
    }
    const view = this.#openView(target, 'behind', 0);
    view.restore(note, this.#shown[view.tier]);
    return view;
  }

  /** Files that got records after the last notes, or were not noted yet. */
  #discovery(shown: number): Discovery {
    return {
      from: shown + 1,
      open: (target, route, seq) => {
        const isOpen = this.#open.has(target.path);
        const view = this.#viewOf(target, route, seq);
        return isOpen || view.lost !== null ? null : view;
      },
      seen: ({ seq, bucket }, route) => {
        this.#lastSeq = Math.max(this.#lastSeq, seq);
        if (route === null) return;
        this.#lastBucket = bucket;
        this.#series.add(route);
      },
    };
  }

  /** Removes inodes that no file of ours uses any more. */
  async #sweep(): Promise<void> {
    const { disk } = this.#options;
    const keys = new Set([...this.#open.keys()].map(shadowKey));
    for (const [key, numbers] of await this.#shadows.list(disk)) {
      if (!keys.has(key)) for (const number of numbers) await unlinkIfThere(disk, this.#shadows.nameOf(key, number)).catch(() => {});
    }
  }

  #addFamily(type: FileType, category: string, bucket: string): void {
    try {
      this.#series.add(this.#routes.of(type, category, bucket));
    } catch {
      // No longer in the blueprint.
    }
  }
}

/** Under another blueprint entries may stand elsewhere in a document, or with other fields. */
function hasSameEntries(a: ViewTarget, b: ViewTarget): boolean {
  return a.arrayKey === b.arrayKey && String(a.entryFields) === String(b.entryFields);
}

function push<T>(map: Map<OpenView, T[]>, view: OpenView, item: T): void {
  const list = map.get(view);
  if (list === undefined) map.set(view, [item]);
  else list.push(item);
}

/** Of these records those of some routes. */
function batchOf(items: readonly Item[], deltas: readonly Delta[]): Batch {
  const routes = new Set(deltas.map((delta) => delta.route));
  return new Batch(items.filter((item) => routes.has(item.route)));
}
