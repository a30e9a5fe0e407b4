import path from 'node:path';
import type { FileType, JsonObject, ViewTarget } from '../../brainstem/contract.ts';
import type { Disk } from '../disk/disk.ts';
import { DurableFolders } from '../disk/durable-folders.ts';
import { unlinkIfThere } from '../disk/files.ts';
import type { LedgerRecord } from '../journal/record.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import { KnownSeries } from './known-series.ts';
import { OpenView, targetOfNote, type Tier } from './open-view.ts';
import { readPublic } from './public-file.ts';
import { Routes, type Blueprint, type Route } from './route.ts';
import { RunSettings } from './run-settings.ts';
import { numbersIn, shadowKey, Shadows, type TwinsOptions } from './twins.ts';
import { addDelta, copyOf, deltaOf, Item, type Delta } from './item.ts';
import { ViewState, type ViewContext } from './view-state.ts';

export interface ViewSetOptions {
  readonly disk: Disk;
  /** Absolute path of the mode's base folder. */
  readonly base: string;
  readonly blueprint: Blueprint & Pick<ViewContext, 'instantiate'>;
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
}

export interface RoundResult {
  /** States to leave in the journal as hints for the next start. */
  readonly notes: readonly JsonObject[];
  /** Files that could not be brought up to date; they are tried again. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

const TIERS = 2;
/** Files written at once. Node has four file threads; one is left for the journal. */
const CONCURRENCY = 3;
/** A file of a past period that got nothing for this long gives its second inode back. */
const CLOSE_IDLE_MS = 10 * 60_000;
/** Texts held before a rebuild writes what it has. */
const REBUILD_BYTES = 8 << 20;

/** Records of one tier that are not handed to the files yet. */
interface Log {
  readonly items: Item[];
  readonly deltas: Map<Route, Delta>;
  bytes: number;
}

/** All files of the tree: which record goes where, and when what becomes public. Rounds must not overlap. */
export class ViewSet {
  readonly #options: ViewSetOptions;
  readonly #context: ViewContext;
  readonly #routes: Routes;
  readonly #run: RunSettings;
  readonly #series = new KnownSeries();
  readonly #open = new Map<string, OpenView>();
  readonly #resolved = new Map<Route, Readonly<Record<Tier, readonly OpenView[]>>>();
  readonly #logs: Record<Tier, Log> = { leaf: newLog(), coarse: newLog() };
  /** Folders whose last sync failed: a swap in them may not survive, so their hidden inodes must not be touched. */
  readonly #unsynced = new Set<string>();
  readonly #folders: DurableFolders;
  readonly #shadows: Shadows;
  #lastSeq = 0;
  /** Up to this record every file shows all that belongs to it, durably; the series as they were then. */
  #shown: { readonly seq: number; readonly families: unknown } = { seq: 0, families: [] };

  constructor(options: ViewSetOptions) {
    this.#options = options;
    this.#run = new RunSettings(options.maxViewBytes);
    this.#routes = new Routes(options.blueprint);
    this.#folders = new DurableFolders(options.disk, options.base);
    this.#shadows = new Shadows(path.join(options.base, '.ledger', 'shadow'));
    this.#context = {
      instantiate: (template, at) => options.blueprint.instantiate(template, at),
      routeOf: (type, category, bucket) => this.#routes.of(type, category, bucket),
      run: this.#run,
    };
  }

  /** @throws RigError E_BLUEPRINT_INVALID for a component the blueprint does not know */
  routeOf(type: FileType, category: string, bucket: string): Route {
    return this.#routes.of(type, category, bucket);
  }

  /** Bytes of entries that wait for a round. */
  get waitingBytes(): number {
    return this.#logs.leaf.bytes + this.#logs.coarse.bytes;
  }

  /** True when every file says all there is. */
  get isCurrent(): boolean {
    return this.#logs.leaf.items.length === 0 && this.#logs.coarse.items.length === 0 && ![...this.#open.values()].some((view) => view.hasTodo || view.lost !== null) && this.#unsynced.size === 0;
  }

  /** Takes a durable record; it becomes visible with the next round of each tier. */
  take(record: LedgerRecord): void {
    this.#lastSeq = Math.max(this.#lastSeq, record.seq);
    const item = this.#itemOf(record);
    if (item === null) return;
    this.#viewsOf(item.route);
    const delta = deltaOf(item);
    for (const tier of ['leaf', 'coarse'] as const) {
      const log = this.#logs[tier];
      log.items.push(item);
      log.bytes += item.bytes;
      const sum = log.deltas.get(item.route);
      if (sum === undefined) log.deltas.set(item.route, copyOf(delta));
      else addDelta(sum, delta);
    }
  }

  #itemOf(record: LedgerRecord): Item | null {
    if (record.kind === 'start') {
      this.#run.begin(record);
      return null;
    }
    try {
      const route = this.#routes.of(record.kind as FileType, record.category, record.bucket);
      return new Item(record, route);
    } catch (error) {
      // A component that was in the blueprint when the record was written: the journal keeps it, no file can.
      this.#options.onDamage(`record ${record.seq}`, messageOf(error), null);
      return null;
    }
  }

  #viewsOf(route: Route): Readonly<Record<Tier, readonly OpenView[]>> {
    const known = this.#resolved.get(route);
    if (known !== undefined) return known;
    const views = route.targets.map((target) => this.#open.get(target.path) ?? this.#openView(target, this.#series.isNew(target, route.bucket) ? null : 'closed'));
    this.#series.add(route);
    const resolved = { leaf: views.filter((view) => view.tier === 'leaf'), coarse: views.filter((view) => view.tier === 'coarse') };
    this.#resolved.set(route, resolved);
    return resolved;
  }

  #openView(target: ViewTarget, lost: OpenView['lost']): OpenView {
    const { disk, base, onWrite, onSync, monotonic } = this.#options;
    const tier = target.level === 'hour' ? 'leaf' : 'coarse';
    const twins: TwinsOptions = { disk, base, shadows: this.#shadows, onWrite: (bytes) => onWrite(tier, bytes), onSync };
    const view = new OpenView(target, this.#context, twins, { now: monotonic(), lost });
    this.#open.set(target.path, view);
    return view;
  }

  /** Hands waiting records to their files and publishes. Never rejects. @param tiers which files */
  async round(tiers: readonly Tier[]): Promise<RoundResult> {
    for (const tier of tiers) this.#distribute(tier);
    const shown = { seq: this.#lastSeq, families: this.#series.toJSON() };
    const lost = [...this.#open.values()].filter((view) => view.lost !== null);
    const failed: { path: string; reason: string }[] = [];
    if (lost.length > 0) await this.#rebuild(lost).catch((error: unknown) => failed.push({ path: lost[0]?.target.path ?? '', reason: messageOf(error) }));
    const due = [...this.#open.values()].filter((view) => tiers.includes(view.tier) && view.hasTodo && view.lost === null);
    const notes = await this.#publish(due, failed);
    if (tiers.includes('coarse')) await this.#each([...this.#open.values()].filter((view) => !due.includes(view)), failed, async (view) => void (await this.#isSound(view)));
    const behind = failed.length > 0 || this.#unsynced.size > 0 || [...this.#open.values()].some((view) => view.hasTodo || view.lost !== null);
    if (tiers.length === TIERS && !behind) this.#shown = shown;
    if (tiers.includes('coarse')) notes.push(...(await this.#closeIdle()), this.#families());
    return { notes, failed };
  }

  #distribute(tier: Tier): void {
    const log = this.#logs[tier];
    const [first] = log.items;
    if (first === undefined) return;
    const now = this.#options.monotonic();
    const itemsOf = new Map<OpenView, Item[]>();
    const deltasOf = new Map<OpenView, Delta[]>();
    for (const delta of [...log.deltas.values()].sort((a, b) => a.firstSeq - b.firstSeq)) {
      for (const view of this.#viewsOf(delta.route)[tier]) push(deltasOf, view, delta);
    }
    for (const item of log.items) for (const view of this.#viewsOf(item.route)[tier]) push(itemsOf, view, item);
    for (const [view, items] of itemsOf) {
      if (view.lost !== null) continue;
      // After a rebuild a file may have the first of these already.
      if (view.state.seq < first.seq) view.take(deltasOf.get(view) ?? [], items, now);
      else for (const item of items) if (item.seq > view.state.seq) view.take([deltaOf(item)], [item], now);
    }
    this.#logs[tier] = newLog();
  }

  async #publish(due: readonly OpenView[], failed: { path: string; reason: string }[]): Promise<JsonObject[]> {
    await this.#syncFolders([...this.#unsynced], failed);
    const prepared: OpenView[] = [];
    await this.#each(due, failed, async (view) => {
      const folder = path.dirname(path.join(this.#options.base, view.target.path));
      if (this.#unsynced.has(folder)) throw new Error('its folder could not be synced');
      if (!(await this.#isSound(view))) return;
      await this.#folders.ensure(folder);
      await view.prepare();
      prepared.push(view);
    });
    const swapped: OpenView[] = [];
    await this.#each(prepared, failed, async (view) => {
      const folder = path.dirname(path.join(this.#options.base, view.target.path));
      this.#unsynced.add(folder);
      await view.swap();
      swapped.push(view);
    });
    await this.#syncFolders([...this.#unsynced], failed);
    return notesOf(swapped);
  }

  /** Heals what somebody did to the public file. @returns false when it has to be made anew first */
  async #isSound(view: OpenView): Promise<boolean> {
    const { path: file } = view.target;
    const { state, kept } = await view.twins.check(() => `${file}.edited-${this.#options.stamp()}`);
    if (state !== 'intact') this.#options.onDamage(file, kept === null ? 'it was removed' : 'it was changed by somebody else', kept);
    if (state === 'lost') view.lost = 'damaged';
    if (view.twins.publicItems === 0 && view.state.parts.length === 0) await this.#moveForeignAside(view);
    return view.lost === null;
  }

  /** A new file takes the place of the empty one laid out at start; anything else under its name is kept. */
  async #moveForeignAside(view: OpenView): Promise<void> {
    const { disk, base, stamp, onDamage } = this.#options;
    const present = await readPublic(disk, path.join(base, view.target.path));
    if (present === null || present.isPlaceholder || (present.throughSeq !== null && view.isRebuilt)) return;
    if (present.throughSeq !== null) {
      // Ours after all: closed long ago, and its series was not known. All of it is in the journal.
      view.lost = 'closed';
      return;
    }
    const kept = `${view.target.path}.foreign-${stamp()}`;
    await disk.rename(path.join(base, view.target.path), path.join(base, kept));
    onDamage(view.target.path, 'another file had its name', kept);
  }

  async #syncFolders(folders: readonly string[], failed: { path: string; reason: string }[]): Promise<void> {
    await this.#each(folders, failed, async (folder) => {
      await this.#options.disk.syncFolder(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
      this.#options.onSync();
      this.#unsynced.delete(folder);
    });
  }

  async #each<T extends OpenView | string>(all: readonly T[], failed: { path: string; reason: string }[], work: (one: T) => Promise<void>): Promise<void> {
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let one = all[next++]; one !== undefined; one = all[next++]) {
        try {
          await work(one);
        } catch (error) {
          const file = typeof one === 'string' ? path.relative(this.#options.base, one) : one.target.path;
          failed.push({ path: file, reason: messageOf(error) });
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  }

  async #closeIdle(): Promise<JsonObject[]> {
    const notes: JsonObject[] = [];
    const now = this.#options.monotonic();
    for (const [file, view] of this.#open) {
      if (view.target.level === 'root' || view.hasTodo || view.lost !== null || now - view.usedAt < CLOSE_IDLE_MS) continue;
      try {
        await view.twins.release();
      } catch {
        continue;
      }
      this.#open.delete(file);
      notes.push({ p: file, closed: true });
    }
    if (notes.length > 0) this.#resolved.clear();
    return notes;
  }

  /** State of every open file and of the series, for the head of a new segment. */
  notes(): JsonObject[] {
    return [this.#families(), ...notesOf([...this.#open.values()].filter((view) => view.lost === null))];
  }

  #families(): JsonObject {
    return { p: '', s: this.#shown.seq, families: this.#shown.families, mode: this.#run.mode, max_view_bytes: this.#run.maxViewBytes };
  }

  /**
   * Takes up the tree where an earlier run left it, and hands out what the files lack.
   * @param notes what the journal kept @param lastSeq last record of the journal
   * @throws the disk's error
   */
  async restore(notes: readonly JsonObject[], lastSeq: number): Promise<void> {
    this.#lastSeq = lastSeq;
    const { disk, base } = this.#options;
    const partly = new Map<OpenView, Unfinished>();
    const shadows = await this.#shadows.list(disk);
    for (const note of notes) {
      if (note.p === '') {
        this.#run.take(note);
        this.#shown = { seq: note.s as number, families: note.families };
        for (const { type, category, bucket } of note.families as { type: FileType; category: string; bucket: string }[]) this.#addFamily(type, category, bucket);
        continue;
      }
      for (const number of numbersIn(note.f as JsonObject)) this.#shadows.isTaken(number);
      const target = targetOfNote(note);
      const present = await readPublic(disk, path.join(base, target.path), target.arrayKey === null);
      const view = this.#openView(target, present?.throughSeq == null ? 'damaged' : null);
      if (present?.throughSeq == null) continue;
      const state = note.v as JsonObject;
      // The list may be one publication ahead of the note.
      view.state = ViewState.restore(target, this.#context, state, present.sources.slice(0, state.n as number));
      partly.set(view, { throughSeq: present.throughSeq, files: note.f as JsonObject });
    }
    for await (const record of this.#options.records(this.#shown.seq + 1)) await this.#replay(record, partly, shadows);
    for (const [view, unfinished] of partly) await this.#finish(view, unfinished, shadows);
    await this.#removeShadows(shadows);
  }

  async #replay(record: LedgerRecord, partly: Map<OpenView, Unfinished>, shadows: Map<string, number[]>): Promise<void> {
    const item = this.#itemOf(record);
    if (item === null) return;
    const { base, disk, monotonic } = this.#options;
    const delta = deltaOf(item);
    for (const target of item.route.targets) {
      let view = this.#open.get(target.path);
      if (view === undefined) {
        view = this.#openView(target, this.#series.isNew(target, item.route.bucket) ? null : 'closed');
        const present = view.lost !== null ? null : await readPublic(disk, path.join(base, target.path));
        if (present?.throughSeq != null) partly.set(view, { throughSeq: present.throughSeq, files: null });
      }
      if (view.lost !== null || item.seq <= view.state.seq) continue;
      const unfinished = partly.get(view);
      if (unfinished !== undefined && item.seq > unfinished.throughSeq) {
        partly.delete(view);
        await this.#finish(view, unfinished, shadows);
      }
      view.take([delta], [item], monotonic());
      if (partly.has(view)) view.dropTodo();
    }
    this.#series.add(item.route);
  }

  /** The state has come to what the public file says: from here on it can be appended to. */
  async #finish(view: OpenView, { files, throughSeq }: Unfinished, shadows: Map<string, number[]>): Promise<void> {
    const { head, tail } = view.state.frame();
    const present = { headBytes: head.length, end: head.length + view.state.itemBytes + tail.length, items: view.state.items };
    const isOurs = view.state.seq === throughSeq && (await view.twins.restore(files, present, shadows.get(shadowKey(view.target.path)) ?? []));
    // The run before may have died between a swap and the sync of its folder: until that is made up for, the other inode may be the one that a power cut brings back.
    this.#unsynced.add(path.dirname(path.join(this.#options.base, view.target.path)));
    if (isOurs) shadows.delete(shadowKey(view.target.path));
    if (isOurs) view.remember();
    else view.lost = 'damaged';
  }

  /** Makes files anew from the whole journal. What stood under their names and is no document is kept beside them. */
  async #rebuild(lost: readonly OpenView[]): Promise<void> {
    const byPath = new Map(lost.map((view) => [view.target.path, view]));
    const ofRoute = new Map<Route, OpenView[]>();
    const failed: { path: string; reason: string }[] = [];
    let waiting = 0;
    try {
      for (const view of lost) {
        await this.#moveDamagedAside(view);
        await view.reset(this.#context);
      }
      for await (const record of this.#options.records(1)) {
        const item = this.#itemOf(record);
        if (item === null) continue;
        let views = ofRoute.get(item.route);
        if (views === undefined) ofRoute.set(item.route, (views = item.route.targets.flatMap((target) => byPath.get(target.path) ?? [])));
        if (views.length === 0) continue;
        const delta = deltaOf(item);
        for (const view of views) view.take([delta], [item], this.#options.monotonic());
        waiting += item.bytes;
        if (waiting < REBUILD_BYTES) continue;
        waiting = 0;
        await this.#publish(lost.filter((view) => view.hasTodo), failed);
        if (failed[0] !== undefined) throw new Error(`${failed[0].path}: ${failed[0].reason}`);
      }
    } catch (error) {
      for (const view of lost) view.lost = 'closed';
      throw error;
    }
  }

  /** Hidden names of files that were not taken up. */
  async #removeShadows(left: Map<string, number[]>): Promise<void> {
    for (const [key, numbers] of left) for (const number of numbers) await unlinkIfThere(this.#options.disk, this.#shadows.nameOf(key, number));
  }

  async #moveDamagedAside(view: OpenView): Promise<void> {
    const { disk, base, stamp, onDamage } = this.#options;
    const file = view.target.path;
    const present = await readPublic(disk, path.join(base, file));
    if (present === null || present.isPlaceholder || (present.throughSeq !== null && view.lost === 'closed')) return;
    const kept = `${file}.damaged-${stamp()}`;
    await disk.rename(path.join(base, file), path.join(base, kept));
    onDamage(file, 'it was not what the journal says', kept);
  }

  #addFamily(type: FileType, category: string, bucket: string): void {
    try {
      this.#series.add(this.#routes.of(type, category, bucket));
    } catch {
      // No longer in the blueprint.
    }
  }
}

/** A file whose state is being brought to where the file is. */
interface Unfinished {
  readonly throughSeq: number;
  /** What was noted about its inodes; null when nothing was. */
  readonly files: JsonObject | null;
}

function newLog(): Log {
  return { items: [], deltas: new Map(), bytes: 0 };
}

function notesOf(views: readonly OpenView[]): JsonObject[] {
  return views.map((view) => view.note).filter((note) => note !== null);
}

function push<T>(map: Map<OpenView, T[]>, view: OpenView, item: T): void {
  const list = map.get(view);
  if (list === undefined) map.set(view, [item]);
  else list.push(item);
}
