import path from 'node:path';
import type { JsonObject, ViewTarget } from '../../brainstem/contract.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import type { Disk } from '../disk/disk.ts';
import type { LedgerRecord } from '../journal/record.ts';
import type { Intake } from './intake.ts';
import { Batch } from './item.ts';
import type { OpenView } from './open-view.ts';
import type { Publisher } from './publisher.ts';
import { readPublic } from './public-file.ts';
import type { Route } from './route.ts';
import type { RunHistory } from './run-history.ts';
import { shadowKey, type Shadows } from './twins.ts';
import { ViewState, type ViewContext } from './view-state.ts';

export interface CatchUpOptions {
  readonly disk: Disk;
  /** Absolute path of the mode's base folder. */
  readonly base: string;
  readonly context: ViewContext;
  readonly history: RunHistory;
  readonly publisher: Publisher;
  readonly shadows: Shadows;
  /** Milliseconds by a clock that never steps. */
  readonly monotonic: () => number;
  readonly stamp: () => string;
  /** Records of the journal, durable ones only, in order. */
  readonly records: (fromSeq: number) => AsyncIterable<LedgerRecord>;
  readonly intake: Intake;
  readonly onDamage: (file: string, what: string, kept: string | null) => void;
  readonly onFailed: (view: OpenView, reason: string) => void;
}

/** Finds files that were not known to need anything. */
export interface Discovery {
  /** First record that may be missing from a file. */
  readonly from: number;
  /** The file a record goes to; null when it has it, or has to wait for another pass. */
  readonly open: (target: ViewTarget, route: Route, seq: number) => OpenView | null;
  /** Every record read. @param route null when no file has it */
  readonly seen: (record: LedgerRecord, route: Route | null) => void;
}

/** A file on its way. */
interface Follower {
  readonly view: OpenView;
  /** It has the records up to here: until then they only make the state what it was. Null once the two agree. */
  throughSeq: number | null;
  /** What was noted about its inodes. */
  readonly files: JsonObject | null;
  /** First record that is wanted. */
  readonly from: number;
}

/** Texts held before files are written. */
const HELD_BYTES = 8 << 20;

/**
 * Brings files that are `behind` or `damaged` up to date from the journal, in one pass of it. What stands under a file's name
 * is taken up where its own number says it is, when it has the length it must have then; otherwise it is moved aside and the
 * file made anew.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #followers = new Map<string, Follower>();
  readonly #ofRoute = new Map<Route, readonly Follower[]>();
  /** Hidden names that are there, by file. */
  #names = new Map<string, number[]>();
  #held = 0;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /**
   * Afterwards the files are not lost any more, and what could not be published yet waits in them; those that failed are `behind`.
   * No other round may run meanwhile.
   * @throws the disk's error when the journal cannot be read; all files are lost then as before
   */
  async run(views: readonly OpenView[], discovery: Discovery | null = null): Promise<void> {
    let from = discovery?.from ?? Number.POSITIVE_INFINITY;
    this.#names = await this.#options.shadows.list(this.#options.disk);
    for (const view of views) {
      const follower = await this.#follow(view);
      if (follower !== null) from = Math.min(from, follower.from);
    }
    try {
      if (from !== Number.POSITIVE_INFINITY) for await (const record of this.#options.records(from)) await this.#read(record, discovery);
      for (const follower of this.#followers.values()) {
        if (follower.throughSeq === null || (await this.#meet(follower))) follower.view.lost = null;
      }
    } catch (error) {
      for (const { view } of this.#followers.values()) this.#giveUp(view);
      throw error;
    }
  }

  async #read(record: LedgerRecord, discovery: Discovery | null): Promise<void> {
    const route = this.#options.intake.routeOf(record);
    if (route !== null) {
      const followers = this.#ofRoute.get(route) ?? (await this.#resolve(route, record.seq, discovery));
      if (followers.length > 0) await this.#give(record, route, followers);
    }
    discovery?.seen(record, route);
    if (this.#held > HELD_BYTES) await this.#publish();
  }

  async #resolve(route: Route, seq: number, discovery: Discovery | null): Promise<readonly Follower[]> {
    const found: Follower[] = [];
    for (const target of route.targets) {
      let follower = this.#followers.get(target.path) ?? null;
      const view = follower === null ? (discovery?.open(target, route, seq) ?? null) : null;
      if (view !== null) follower = await this.#follow(view);
      if (follower !== null) found.push(follower);
    }
    this.#ofRoute.set(route, found);
    return found;
  }

  async #give(record: LedgerRecord, route: Route, followers: readonly Follower[]): Promise<void> {
    const { history, intake, monotonic } = this.#options;
    const { seq } = record;
    if (!followers.some((follower) => seq > follower.view.state.seq && this.#isFollowed(follower))) return;
    const run = history.at(seq);
    const taken = intake.read(record, route);
    if (taken === null) return;
    const { delta, item } = taken;
    let wanted = false;
    for (const follower of followers) {
      const { view } = follower;
      if (seq <= view.state.seq || !this.#isFollowed(follower)) continue;
      if (follower.throughSeq !== null && seq > follower.throughSeq && !(await this.#meet(follower))) continue;
      try {
        view.take([delta], new Batch([item]), run, monotonic());
      } catch (error) {
        this.#options.onFailed(view, messageOf(error));
        this.#giveUp(view);
        continue;
      }
      if (follower.throughSeq !== null) view.dropTodo();
      else wanted = true;
    }
    if (wanted) this.#held += item.bytes;
  }

  #isFollowed(follower: Follower): boolean {
    return this.#followers.get(follower.view.target.path) === follower;
  }

  async #publish(): Promise<void> {
    this.#held = 0;
    const due = [...this.#followers.values()].map(({ view }) => view).filter((view) => view.hasTodo);
    await this.#options.publisher.publish(due);
    // What was not published has either failed or turned out to be damaged: another pass.
    for (const view of due) if (view.hasTodo || view.lost === 'damaged') this.#giveUp(view);
  }

  /** Begins with a file. @returns null when it has to wait for another pass */
  async #follow(view: OpenView): Promise<Follower | null> {
    try {
      const follower = await this.#begin(view);
      this.#followers.set(view.target.path, follower);
      // Already where the file is: nothing of an earlier time has to be read for it.
      if (follower.throughSeq === view.state.seq && !(await this.#meet(follower))) return null;
      return follower;
    } catch (error) {
      this.#giveUp(view);
      this.#options.onFailed(view, messageOf(error));
      return null;
    }
  }

  async #begin(view: OpenView): Promise<Follower> {
    const { base, context, disk } = this.#options;
    const { target, published } = view;
    view.dropTodo();
    if (view.lost === 'damaged') return this.#beginAnew(view);
    view.lost = 'behind';
    const present = await readPublic(disk, path.join(base, target.path), target.arrayKey === null && published !== null);
    if (present?.throughSeq == null) {
      if (published !== null) {
        // It was there for sure.
        if (present === null || present.isPlaceholder) this.#options.onDamage(target.path, 'it was removed', null);
        return this.#beginAnew(view);
      }
      await view.startAnew();
      return { view, throughSeq: null, files: null, from: view.position + 1 };
    }
    const { throughSeq, sources } = present;
    if (published === null || (published.v as { s: number }).s > throughSeq) {
      // An older version than was noted may be right all the same: a disk that lied.
      if (published !== null) view.forget();
      view.state = new ViewState(target, context);
      return { view, throughSeq, files: null, from: view.position + 1 };
    }
    // The list may be one publication ahead of the note.
    view.state = ViewState.restore(target, context, published.v, sources.slice(0, published.v.n as number));
    // Notes go out with later lines of the journal: the newest of this file may be missing where one of all files is not.
    const known = throughSeq > view.state.seq ? view.state.seq : Math.max(view.position, view.state.seq);
    return { view, throughSeq, files: published.f, from: known + 1 };
  }

  /** From the first record on. What stands under the name and is no document is kept beside it. */
  async #beginAnew(view: OpenView): Promise<Follower> {
    const { base, disk, onDamage, stamp } = this.#options;
    const file = view.target.path;
    const present = await readPublic(disk, path.join(base, file));
    if (present !== null && !present.isPlaceholder) {
      const kept = `${file}.damaged-${stamp()}`;
      await disk.rename(path.join(base, file), path.join(base, kept));
      onDamage(file, 'it was not what the journal says', kept);
    }
    view.forget();
    await view.startAnew();
    return { view, throughSeq: null, files: null, from: 1 };
  }

  /** The state has come to what the public file says: from here on it can be appended to. @returns false when the two differ */
  async #meet(follower: Follower): Promise<boolean> {
    const { view, throughSeq, files } = follower;
    try {
      const { head, tail } = view.state.frame();
      const present = { headBytes: head.length, end: head.length + view.state.itemBytes + tail.length, items: view.state.items };
      if (view.state.seq === throughSeq && (await view.twins.restore(files, present, this.#names.get(shadowKey(view.target.path)) ?? []))) {
        follower.throughSeq = null;
        view.takeUp();
        // An earlier run may not have come to sync the folder: a power cut could bring the other inode back.
        this.#options.publisher.mustSync(view);
        return true;
      }
      view.lost = 'damaged';
    } catch (error) {
      this.#options.onFailed(view, messageOf(error));
    }
    this.#giveUp(view);
    return false;
  }

  #giveUp(view: OpenView): void {
    view.fallBehind(0);
    this.#followers.delete(view.target.path);
  }
}
