import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Brainstem } from '../brainstem/contract.ts';
import { writableTargets, writeBatch, type BatchContext } from './batch.ts';
import type { Counters } from './counters.ts';
import type { WriteResult } from './defensive-writer.ts';
import type { PlacedEntry } from './entries.ts';
import type { PendingFile } from './pending-file.ts';

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
/** However long a batch took, the next one starts no later than this after it. Until then its entries are in the pending file. */
const LONGEST_PAUSE_MS = 60_000;

export interface DrainOptions extends BatchContext {
  readonly brainstem: Brainstem;
  readonly clock: Clock;
  readonly counters: Counters;
  /** Bound of the queue, and of the entries held in memory for a later try. */
  readonly limit: number;
  /** Least time between two batches, so that a stream of entries does not rewrite a file for each. */
  readonly minIntervalMs: number;
  readonly pending: PendingFile;
  /** Entries of an earlier run, killed in the middle of a batch, are being finished. */
  readonly onResumed: (entries: number) => void;
  readonly onFallback: (entry: PlacedEntry, result: WriteResult) => void;
  readonly onRecovered: () => void;
}

/**
 * The one background writer. It takes everything queued as one batch; what the primary tree refuses goes down the
 * defensive writer's layers and is tried again, with growing pauses, until it is in the tree.
 */
export class Drain {
  readonly #options: DrainOptions;
  #queue: PlacedEntry[] = [];
  /** Taken from the queue and not settled yet. */
  #inBatch: readonly PlacedEntry[] = [];
  readonly #refused = new Set<PlacedEntry>();
  #running: Promise<void> | null = null;
  #batchTimer: Timer | null = null;
  #saveTimer: Timer | null = null;
  #retryTimer: Timer | null = null;
  #retryMs = FIRST_RETRY_MS;
  /** False between an early retry that failed and the next one that was due. */
  #mayRetryEarly = true;
  #notBefore = Number.NEGATIVE_INFINITY;
  #resumed = false;
  #closed = false;

  constructor(options: DrainOptions) {
    this.#options = options;
  }

  /** Queues an entry; false when the queue is full. */
  add(entry: PlacedEntry): boolean {
    if (this.#closed || this.#queue.length >= this.#options.limit) return false;
    this.#queue.push(entry);
    this.#options.counters.queued += 1;
    this.#schedule();
    return true;
  }

  /** Resolves when everything queued before the call is written or kept in a lower layer. */
  async flush(): Promise<void> {
    if (this.#running) await this.#running;
    if (this.#queue.length > 0 || !this.#resumed) await this.#run(false);
  }

  /** Flushes, gives refused entries a last try and takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#batchTimer?.cancel();
    // A long history makes the last batch slow: whoever does not wait for it finds its entries here at the next start.
    await this.#savePending();
    await this.flush();
    this.#retryTimer?.cancel();
    if (this.#refused.size > 0) await this.#retry();
  }

  /** Puts on disk what is not in the tree yet. */
  async #savePending(): Promise<void> {
    this.#saveTimer?.cancel();
    this.#saveTimer = null;
    // What the last run left there must have been read before.
    if (!this.#resumed) return;
    await this.#options.pending.save([...this.#inBatch, ...this.#refused, ...this.#queue]);
  }

  /** Takes up, once, what the last run left behind. */
  async #resume(): Promise<void> {
    if (this.#resumed) return;
    const { counters, onResumed, pending } = this.#options;
    const entries = await pending.load();
    this.#resumed = true;
    counters.accepted += entries.length;
    for (const entry of entries) {
      if (entry.kept === null) continue;
      counters.enter(entry.kept.layer);
      this.#refused.add(entry);
    }
    const unfinished = entries.filter((entry) => entry.kept === null);
    counters.queued += unfinished.length;
    this.#queue.unshift(...unfinished);
    if (entries.length > 0) onResumed(entries.length);
  }

  #schedule(): void {
    if (this.#closed) return;
    const { clock, minIntervalMs } = this.#options;
    const wait = Math.max(0, this.#notBefore - clock.monotonic());
    if (this.#running || wait > minIntervalMs) this.#saveTimer ??= clock.after(minIntervalMs, () => void this.#savePending());
    if (this.#batchTimer || this.#running) return;
    this.#batchTimer = clock.after(wait, () => {
      this.#batchTimer = null;
      void this.#run(false);
    });
  }

  #run(withRefused: boolean): Promise<void> {
    this.#running ??= this.#batches(withRefused).finally(() => {
      this.#running = null;
      if (this.#queue.length > 0) this.#schedule();
    });
    return this.#running;
  }

  async #batches(withRefused: boolean): Promise<void> {
    const { clock, minIntervalMs } = this.#options;
    const started = clock.monotonic();
    this.#batchTimer?.cancel();
    this.#batchTimer = null;
    await this.#resume();
    const fresh = this.#queue;
    this.#queue = [];
    this.#inBatch = fresh;
    await this.#savePending();
    const worked = await this.#attempt(withRefused ? [...this.#refused, ...fresh] : fresh);
    if (worked && !withRefused && this.#refused.size > 0 && this.#mayRetryEarly) {
      this.#mayRetryEarly = false;
      await this.#attempt([...this.#refused]);
    }
    this.#inBatch = [];
    this.#planRetry(withRefused);
    // A slow card or a long history makes batches long: leave the disk and the CPU alone nine tenths of the time.
    const took = clock.monotonic() - started;
    this.#notBefore = clock.monotonic() + Math.min(Math.max(minIntervalMs, 9 * took), LONGEST_PAUSE_MS);
    await this.#savePending();
  }

  /** Writes a batch and settles each entry. True when the primary tree took all of it. */
  async #attempt(batch: readonly PlacedEntry[]): Promise<boolean> {
    if (batch.length === 0) return true;
    const { counters } = this.#options;
    const placed = batch.filter((entry) => this.#place(entry));
    await writeBatch(placed, this.#options);
    let worked = true;
    for (const entry of batch) {
      const complete = entry.targets.length > 0 && entry.missing.size === 0;
      if (complete) await this.#complete(entry);
      else await this.#refuse(entry);
      worked &&= complete;
    }
    if (!worked) counters.degraded = true;
    else if (counters.degraded && this.#refused.size === 0) {
      counters.degraded = false;
      this.#options.onRecovered();
    }
    return worked;
  }

  /** Works out where an entry belongs, once. False when the blueprint has no place for it. */
  #place(entry: PlacedEntry): boolean {
    if (entry.targets.length > 0) return true;
    try {
      entry.targets = writableTargets(this.#options.brainstem.viewTargets(entry.type, entry.category, entry.at));
    } catch (error) {
      entry.reason = messageOf(error);
      return false;
    }
    for (const target of entry.targets) entry.missing.add(target.path);
    if (entry.targets.length === 0) entry.reason = `the blueprint has no file for a ${entry.type} of ${entry.category}`;
    return entry.targets.length > 0;
  }

  async #complete(entry: PlacedEntry): Promise<void> {
    const { counters, writer } = this.#options;
    this.#refused.delete(entry);
    counters.leave(entry.kept?.layer ?? null);
    counters.written += 1;
    if (entry.kept?.layer === 1) await writer.forget(entry.kept.path);
  }

  async #refuse(entry: PlacedEntry): Promise<void> {
    const { counters, limit, onFallback, writer } = this.#options;
    const reason = entry.reason ?? 'an earlier file of this entry could not be written';
    counters.lastError = reason;
    const before = entry.kept?.layer ?? null;
    // What is safe in a lower layer stays there; what is only in memory tries again to get to one.
    if (before === 1 || before === 2) return;
    const wanted = entry.targets.find((target) => entry.missing.has(target.path))?.path ?? `${entry.type}.json`;
    const result = await writer.keep({ id: entry.id, component: this.#folderOf(entry), path: wanted, reason, data: entry.entry });
    const layer = result.layer as 1 | 2 | 3;
    entry.kept = { layer, path: result.path };
    // An entry without a place in the tree would be refused for ever: its copy in the lower layer is all there is.
    if (entry.targets.length > 0 && this.#refused.size < limit) this.#refused.add(entry);
    if (layer === before) return;
    counters.leave(before);
    counters.enter(layer);
    onFallback(entry, result);
  }

  #folderOf(entry: PlacedEntry): string {
    try {
      return this.#options.brainstem.componentFolder(entry.category);
    } catch {
      return entry.category;
    }
  }

  #planRetry(wasDue: boolean): void {
    if (this.#refused.size === 0) {
      this.#retryTimer?.cancel();
      this.#retryTimer = null;
      this.#retryMs = FIRST_RETRY_MS;
      this.#mayRetryEarly = true;
      return;
    }
    if (wasDue) {
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
      this.#mayRetryEarly = true;
    }
    if (this.#closed || this.#retryTimer) return;
    this.#retryTimer = this.#options.clock.after(this.#retryMs, () => {
      this.#retryTimer = null;
      void this.#retry();
    });
  }

  async #retry(): Promise<void> {
    if (this.#running) await this.#running;
    await this.#run(true);
  }
}
