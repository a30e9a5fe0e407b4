import path from 'node:path';
import type { Clock, Timer } from '../../../protocol/common/clock.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import type { Brainstem, FileType } from '../../brainstem/contract.ts';
import type { Disk } from '../disk/disk.ts';
import type { Keeper } from '../fallback/contract.ts';
import type { Journal, SyncResult } from '../journal/contract.ts';
import { openJournal } from '../journal/journal.ts';
import { readJournal } from '../journal/reader.ts';
import type { LedgerRecord, NewRecord } from '../journal/record.ts';
import type { Tier } from '../views/open-view.ts';
import { ViewSet } from '../views/view-set.ts';
import type { EngineEvent, EngineHost, EngineSettings } from './contract.ts';
import { BlockFiller } from './block-filler.ts';
import { Counter } from './counter.ts';
import { Meter } from './meter.ts';
import { RecentIds } from './recent-ids.ts';
import { Reconciler } from './reconciler.ts';

export interface EngineOptions {
  readonly brainstem: Pick<Brainstem, 'base' | 'viewTargetsOf' | 'instantiate' | 'timeParts'>;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly keeper: Keeper;
  readonly settings: EngineSettings;
  readonly tell: (event: EngineEvent) => void;
}

/** Records that may wait for an fsync; more make one at once. */
const MOST_PENDING = 2_000;
const DEFAULT_WAITING_BYTES = 8 << 20;
const ALL: readonly Tier[] = ['leaf', 'coarse'];
/** Ids remembered, and how far back they are looked up at start: far more than can be handed over again. */
const RECENT_IDS = 65_536;
const RECENT_AT_START = 10_000;
/** Pause before files that could not be written are tried again. */
const RETRY_MS = 5_000;

/**
 * Journal, files and lower layers, joined. A record is first made durable in the journal, then shown in the files; what
 * the journal does not take is kept below and brought back. Everything is asynchronous; only one commit and one round of the
 * files run at a time.
 */
export class LedgerEngine implements EngineHost {
  readonly #options: EngineOptions;
  readonly #counter: Counter;
  readonly #meter: Meter;
  readonly #views: ViewSet;
  readonly #reconciler: Reconciler;
  readonly #filler: BlockFiller;
  readonly #recent = new RecentIds(RECENT_IDS);
  #journal: Journal | null = null;
  /** Accepted before the journal was open. */
  #early: NewRecord[] = [];
  /** Durable, while the files of the last run are still being taken up. */
  #held: LedgerRecord[] | null = [];
  #ready: Promise<void> = Promise.resolve();
  #commits: Promise<void> = Promise.resolve();
  #rounds: Promise<void> = Promise.resolve();
  readonly #timers = new Map<string, Timer>();
  /** Ids that became durable since records of the lower layers were appended. */
  #awaited: Set<string> | null = null;
  #opened = false;
  #closed = false;
  /** Records being put into the lower layers. */
  #keeps: Promise<void> = Promise.resolve();

  constructor(options: EngineOptions) {
    this.#options = options;
    const { brainstem, clock, disk, keeper, settings, tell } = options;
    this.#filler = new BlockFiller(settings.syncMs, () => clock.monotonic());
    this.#meter = new Meter(() => clock.now());
    this.#counter = new Counter(tell, keeper);
    this.#views = new ViewSet({
      disk,
      base: brainstem.base,
      blueprint: brainstem,
      maxViewBytes: settings.maxViewBytes,
      monotonic: () => clock.monotonic(),
      stamp: () => brainstem.timeParts(clock.now()).iso.slice(0, 23).replaceAll(':', ''),
      records: (fromSeq) => this.#records(fromSeq),
      onWrite: (tier, bytes) => this.#meter.write(tier, bytes),
      onSync: () => this.#meter.sync(),
      onDamage: (file, what, kept) => this.#counter.damage(file, what, kept),
    });
    this.#reconciler = new Reconciler({ clock, keeper, counter: this.#counter, known: (ids) => this.#knownIds(ids), append: (records) => this.#appendKept(records), canBeFiled: (record) => this.#refusal(record) === null });
  }

  get #folder(): string {
    return path.join(this.#options.brainstem.base, '.ledger', 'journal');
  }

  /** Opens the journal and takes up the tree. Records may be handed over before. Never rejects: a disk that cannot be used is tried again. */
  open(): Promise<void> {
    this.#ready = this.#open();
    return this.#ready;
  }

  async #open(): Promise<void> {
    const { clock, disk, settings, tell } = this.#options;
    try {
      const { journal, recovered } = await openJournal({
        disk,
        folder: this.#folder,
        now: () => clock.now(),
        ...(settings.segmentBytes === undefined ? {} : { segmentBytes: settings.segmentBytes }),
        views: () => this.#views.notes(),
        onWrite: (bytes) => this.#meter.write('journal', bytes),
        onSync: () => this.#meter.sync(),
      });
      this.#journal = journal;
      tell({ kind: 'opened', lastSeq: recovered.lastSeq, unclean: recovered.unclean, lastAt: recovered.lastAt });
      for (const { segment, offset, reason } of recovered.damage) this.#counter.damage(`.ledger/journal/${segment} at byte ${offset}`, reason, null);
      for await (const { id } of this.#records(Math.max(1, recovered.lastSeq - RECENT_AT_START))) this.#recent.add(id);
      const early = this.#early;
      this.#early = [];
      this.#opened = true;
      this.accept(early);
      await this.#views.restore(recovered.views, recovered.lastSeq);
    } catch (error) {
      await this.#giveUpFor(error);
      return;
    }
    for (const record of this.#held ?? []) this.#views.take(record);
    this.#held = null;
    this.#after('leaf', 0, () => this.#round(ALL));
    this.#reconciler.start();
  }

  /** The journal cannot even be opened: what comes is kept below, and opening is tried again. */
  async #giveUpFor(error: unknown): Promise<void> {
    this.#counter.failed(messageOf(error));
    const early = this.#early;
    this.#early = [];
    if (this.#journal === null) await this.#keep(early, messageOf(error));
    if (!this.#closed) this.#after('open', RETRY_MS, () => void this.open());
  }

  accept(records: readonly NewRecord[]): void {
    const journal = this.#journal;
    if (journal === null || !this.#opened) {
      this.#early.push(...records);
      return;
    }
    let urgent = this.#options.settings.syncMs === 0;
    for (const record of records) {
      if (!this.#recent.add(record.id)) {
        this.#counter.duplicate();
        continue;
      }
      const reason = this.#refusal(record);
      if (reason !== null) {
        void this.#keep([record], reason);
        continue;
      }
      journal.append(record);
      this.#filler.add(record);
      urgent ||= record.entryText.includes('"is_block":true');
    }
    const last = records.at(-1);
    if (urgent || journal.pending >= MOST_PENDING || (last !== undefined && this.#filler.isFull(last))) void this.#commit();
    else {
      void journal.write();
      this.#after('sync', this.#options.settings.syncMs, () => this.#commit());
    }
  }

  /** Why a record can never be in the tree; null when it can. */
  #refusal(record: NewRecord): string | null {
    if (record.kind === 'start') return null;
    try {
      this.#views.routeOf(record.kind as FileType, record.category, record.bucket);
      return null;
    } catch (error) {
      return messageOf(error);
    }
  }

  #commit(): Promise<void> {
    this.#commits = this.#commits.then(() => this.#commitNow());
    return this.#commits;
  }

  async #commitNow(): Promise<void> {
    this.#cancel('sync');
    this.#filler.committed();
    const journal = this.#journal;
    if (journal === null) return;
    await this.#settle(await journal.sync());
  }

  async #settle({ durable, failed, error }: SyncResult): Promise<void> {
    const { settings } = this.#options;
    for (const record of durable) {
      this.#awaited?.add(record.id);
      if (this.#held === null) this.#views.take(record);
      else this.#held.push(record);
    }
    this.#counter.durable(durable, this.#journal);
    this.#meter.entries(durable.length);
    if (error !== null) this.#counter.failed(error.message);
    await this.#keep(failed.filter(({ id }) => !this.#reconciler.owns(id)), error?.message ?? 'the journal did not take it');
    if (durable.length > 0) {
      this.#after('leaf', settings.leafFlushMs, () => this.#round(['leaf']));
      this.#after('coarse', settings.coarseFlushMs, () => this.#round(ALL));
      if (this.#views.waitingBytes > (settings.maxWaitingBytes ?? DEFAULT_WAITING_BYTES)) void this.#round(ALL);
    }
    this.#reconciler.wake(error === null && durable.length > 0);
  }

  #keep(records: readonly NewRecord[], reason: string): Promise<void> {
    // A run that could not be noted leaves nothing to keep: what it says is only for laying out empty files again.
    const entries = records.filter(({ kind }) => kind !== 'start');
    if (entries.length === 0) return this.#keeps;
    this.#keeps = this.#keeps.then(async () => {
      const results = await this.#options.keeper.keepAll(entries, reason);
      entries.forEach(({ id }, index) => this.#counter.kept(id, results[index]));
      this.#reconciler.wake(false);
    });
    return this.#keeps;
  }

  #round(tiers: readonly Tier[]): Promise<void> {
    this.#rounds = this.#rounds.then(async () => {
      if (this.#held !== null) return;
      for (const tier of tiers) this.#cancel(tier);
      const { notes, failed } = await this.#views.round(tiers);
      if (notes.length > 0) this.#journal?.note({ p: notes });
      this.#counter.filesBehind(failed);
      if (failed.length > 0 && !this.#closed) this.#after('coarse', RETRY_MS, () => this.#round(ALL));
    });
    return this.#rounds;
  }

  async flush(): Promise<void> {
    await this.#ready;
    await this.#commit();
    await this.#keeps;
    await this.#round(ALL);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#reconciler.stop();
    await this.flush();
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
    this.#journal?.note({ w: this.#meter.take() });
    const journal = this.#journal;
    if (journal !== null) await this.#settle(await journal.close());
    // What only memory has goes to any disk that takes it now.
    if (this.#options.keeper.counts().ring > 0) await this.#options.keeper.settle();
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
  }

  async *#records(fromSeq: number): AsyncIterable<LedgerRecord> {
    const toSeq = this.#journal?.synced ?? 0;
    for await (const { record } of readJournal(this.#options.disk, this.#folder, { fromSeq, toSeq })) yield record;
  }

  /** Which of these ids are in the journal. */
  async #knownIds(ids: ReadonlySet<string>): Promise<Set<string>> {
    const known = new Set<string>();
    for await (const record of this.#records(1)) if (ids.has(record.id)) known.add(record.id);
    return known;
  }

  /** Tries to make kept records durable. @returns the ids of those that are */
  async #appendKept(records: readonly NewRecord[]): Promise<ReadonlySet<string>> {
    const journal = this.#journal;
    if (journal === null) return new Set();
    this.#awaited = new Set();
    for (const record of records) journal.append(record);
    await this.#commit();
    const durable = this.#awaited;
    this.#awaited = null;
    return durable;
  }

  /** One timer a name; the earlier one wins. */
  #after(name: string, ms: number, work: () => unknown): void {
    if (this.#timers.has(name)) return;
    const timer = this.#options.clock.after(ms, () => {
      this.#timers.delete(name);
      if (this.#meter.isDue()) this.#journal?.note({ w: this.#meter.take() });
      work();
    });
    this.#timers.set(name, timer);
  }

  #cancel(name: string): void {
    this.#timers.get(name)?.cancel();
    this.#timers.delete(name);
  }
}
