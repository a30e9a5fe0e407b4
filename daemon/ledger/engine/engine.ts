import path from 'node:path';
import type { Clock, Timer } from '../../../protocol/common/clock.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import type { Brainstem, FileType } from '../../brainstem/contract.ts';
import type { Disk } from '../disk/disk.ts';
import type { Keeper } from '../fallback/contract.ts';
import type { Journal, Recovered, SyncResult } from '../journal/contract.ts';
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
  /** How many records may be handed over that the journal has already. */
  readonly lookBack?: number | undefined;
}

/** Records that may wait for an fsync; more make one at once. */
const MOST_PENDING = 2_000;
const DEFAULT_WAITING_BYTES = 8 << 20;
const ALL: readonly Tier[] = ['leaf', 'coarse'];
/** Ids remembered, and how far back they are looked up at start at least. */
const RECENT_IDS = 16_384;
const RECENT_AT_START = 2_000;
/** Longest time that reading the journal keeps everything else waiting, milliseconds. */
const TURN_MS = 4;
/** Pause before what could not be read or written is tried again, longer each time: a file that was lost takes the whole journal. */
const RETRY_MS = 5_000;
const LAST_RETRY_MS = 300_000;

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
  readonly #lookBack: number;
  readonly #recent: RecentIds;
  /** Of these, those that were in the journal when it was opened. */
  readonly #found = new Set<string>();
  #journal: Journal | null = null;
  #recovered: Recovered | null = null;
  /** Accepted before the journal was open. */
  #early: NewRecord[] = [];
  /** The files of the last run are still being taken up: what becomes durable meanwhile is read from the journal afterwards. */
  #restoring = true;
  /** Last record that became durable. */
  #durableSeq = 0;
  /** The record this run begins with, while the journal has not taken it. */
  #start: NewRecord | null = null;
  #retryMs = RETRY_MS;
  #ready: Promise<void> = Promise.resolve();
  #commits: Promise<void> = Promise.resolve();
  #rounds: Promise<void> = Promise.resolve();
  readonly #queuedRounds = new Map<number, Promise<void>>();
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
    this.#lookBack = Math.max(RECENT_AT_START, 2 * (options.lookBack ?? 0));
    this.#recent = new RecentIds(Math.max(RECENT_IDS, 2 * this.#lookBack));
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
    try {
      const { lastSeq, views } = (this.#recovered ??= await this.#openJournal());
      if (!this.#opened) {
        for await (const { id } of this.#records(Math.max(1, lastSeq - this.#lookBack))) {
          this.#recent.add(id);
          this.#found.add(id);
        }
        this.#opened = true;
        this.accept(this.#early.splice(0));
        // What came while the journal was opened is made safe before the files are looked at.
        await this.#commit();
      }
      await this.#views.restore(views, lastSeq);
      await this.#readOn();
    } catch (error) {
      await this.#giveUpFor(error);
      return;
    }
    this.#retryMs = RETRY_MS;
    this.#after('start', 0, () => this.#round(ALL));
    this.#reconciler.start();
  }

  async #openJournal(): Promise<Recovered> {
    const { clock, disk, settings, tell } = this.#options;
    const { journal, recovered } = await openJournal({
      disk,
      folder: this.#folder,
      now: () => clock.now(),
      ...(settings.segmentBytes === undefined ? {} : { segmentBytes: settings.segmentBytes }),
      views: () => (this.#restoring ? recovered.views : this.#views.notes()),
      onWrite: (bytes) => this.#meter.write('journal', bytes),
      onSync: () => this.#meter.sync(),
    });
    this.#journal = journal;
    this.#durableSeq = recovered.lastSeq;
    tell({ kind: 'opened', lastSeq: recovered.lastSeq, unclean: recovered.unclean, lastAt: recovered.lastAt });
    for (const { segment, offset, reason } of recovered.damage) this.#counter.damage(`.ledger/journal/${segment} at byte ${offset}`, reason, null);
    return recovered;
  }

  /** Takes what became durable while the files of the last run were taken up. */
  async #readOn(): Promise<void> {
    const { maxWaitingBytes = DEFAULT_WAITING_BYTES } = this.#options.settings;
    let before = -1;
    // Without progress a record cannot be read back: the journal tells of it, and it is for no file.
    while (this.#views.lastSeq < this.#durableSeq && this.#views.lastSeq > before) {
      before = this.#views.lastSeq;
      for await (const record of this.#records(before + 1)) {
        this.#views.take(record);
        if (this.#views.waitingBytes > maxWaitingBytes) await this.#roundNow(ALL);
      }
    }
    this.#restoring = false;
  }

  /** The journal cannot even be opened, or the files not be taken up: what comes is kept below in the first case, and it is tried again. */
  async #giveUpFor(error: unknown): Promise<void> {
    this.#counter.failed(messageOf(error));
    await this.#keepEarly(messageOf(error));
    if (!this.#closed) this.#retry('open', () => void this.open());
  }

  /** What was accepted before the journal was open is not to wait for ever. */
  #keepEarly(reason: string): Promise<void> {
    return this.#opened ? this.#keeps : this.#keep(this.#early.splice(0), reason);
  }

  #retry(name: string, work: () => unknown): void {
    this.#after(name, this.#retryMs, work);
    this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
  }

  accept(records: readonly NewRecord[]): void {
    const journal = this.#journal;
    if (journal === null || !this.#opened) {
      for (const record of records) this.#early.push(record);
      return;
    }
    let urgent = this.#options.settings.syncMs === 0;
    for (const record of records) {
      if (!this.#recent.add(record.id)) {
        this.#counter.duplicate(record, this.#found.has(record.id));
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
    // One failure of ours must not stop all commits to come.
    this.#commits = this.#commits.then(() => this.#commitNow()).catch((error: unknown) => this.#counter.failed(messageOf(error)));
    return this.#commits;
  }

  async #commitNow(): Promise<void> {
    this.#cancel('sync');
    this.#filler.committed();
    const journal = this.#journal;
    if (journal === null) return;
    if (this.#start !== null) journal.append(this.#start);
    this.#start = null;
    await this.#settle(await journal.sync());
  }

  async #settle({ durable, failed, error }: SyncResult): Promise<void> {
    const { settings } = this.#options;
    for (const record of durable) {
      this.#awaited?.add(record.id);
      this.#durableSeq = record.seq;
      if (!this.#restoring) this.#views.take(record);
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
    // That a run began is for the journal alone: it is told again with the next commit.
    const entries = records.filter(({ kind }) => kind !== 'start');
    this.#start = records.find(({ kind }) => kind === 'start') ?? this.#start;
    if (entries.length === 0) return this.#keeps;
    this.#keeps = this.#keeps.then(async () => {
      const results = await this.#options.keeper.keepAll(entries, reason);
      entries.forEach(({ id }, index) => this.#counter.kept(id, results[index]));
      this.#reconciler.wake(false);
    });
    return this.#keeps;
  }

  /** One that waits for its turn does for all who ask meanwhile. */
  #round(tiers: readonly Tier[]): Promise<void> {
    const known = this.#queuedRounds.get(tiers.length);
    if (known !== undefined) return known;
    const round = this.#rounds.then(() => {
      this.#queuedRounds.delete(tiers.length);
      return this.#restoring ? undefined : this.#roundNow(tiers);
    });
    this.#queuedRounds.set(tiers.length, round);
    this.#rounds = round;
    return round;
  }

  async #roundNow(tiers: readonly Tier[]): Promise<void> {
    for (const tier of tiers) this.#cancel(tier);
    const { notes, failed } = await this.#views.round(tiers).catch((error: unknown) => ({ notes: [], failed: [{ path: '', reason: messageOf(error) }] }));
    if (notes.length > 0) {
      this.#journal?.note({ p: notes });
      // Into the kernel's memory: what is killed now finds its files where they are.
      void this.#journal?.write();
    }
    this.#counter.filesBehind(failed);
    if (failed.length === 0) this.#retryMs = RETRY_MS;
    else if (!this.#closed) this.#retry('retry', () => this.#round(ALL));
  }

  async flush(): Promise<void> {
    await this.#ready;
    await this.#keepEarly('the journal could not be opened');
    await this.#commit();
    await this.#keeps;
    await this.#round(ALL);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const reconciled = this.#reconciler.stop();
    await this.flush();
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
    this.#journal?.note({ w: this.#meter.take() });
    const journal = this.#journal;
    if (journal !== null) await this.#settle(await journal.close());
    // What only memory has goes to any disk that takes it now.
    if (this.#options.keeper.counts().ring > 0) await this.#options.keeper.settle();
    // The folder is the next one's from here on.
    await reconciled;
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
  }

  async *#records(fromSeq: number): AsyncIterable<LedgerRecord> {
    const toSeq = this.#journal?.synced ?? 0;
    let since = performance.now();
    for await (const { record } of readJournal(this.#options.disk, this.#folder, { fromSeq, toSeq })) {
      yield record;
      if (performance.now() - since < TURN_MS) continue;
      // Reading goes on from promise to promise; commits, whose answers come from the disk, need a turn in between.
      await new Promise(setImmediate);
      since = performance.now();
    }
  }

  /** Which of these ids are in the journal. @throws when the ledger is closed before all of it is read */
  async #knownIds(ids: ReadonlySet<string>): Promise<Set<string>> {
    const known = new Set<string>();
    for await (const record of this.#records(1)) {
      if (this.#closed) throw new Error('the ledger is being closed');
      if (ids.has(record.id)) known.add(record.id);
    }
    return known;
  }

  /** Tries to make kept records durable. @returns the ids of those that are */
  async #appendKept(records: readonly NewRecord[]): Promise<ReadonlySet<string>> {
    const journal = this.#journal;
    if (journal === null || this.#closed) return new Set();
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
