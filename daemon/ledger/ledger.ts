import { EventEmitter } from 'node:events';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { Brainstem, FileType, JsonObject } from '../brainstem/contract.ts';
import type { EntryKind, Ledger, LedgerEvents, LedgerStats } from './contract.ts';
import { Counters } from './counters.ts';
import { DefensiveWriter, type WriteResult } from './defensive-writer.ts';
import { DocumentStore } from './document-store.ts';
import { Drain } from './drain.ts';
import { IdMaker, instantOf, ownId, type PlacedEntry } from './entries.ts';
import { nodeFs, type LedgerFs } from './file-system.ts';
import { PendingFile } from './pending-file.ts';
import { RateLimitedLog } from './rate-limited-log.ts';
import { sanitizeObject } from './sanitize.ts';

export interface LedgerOptions {
  readonly brainstem: Brainstem;
  readonly clock: Clock;
  readonly log: Log;
  /** Most entries waiting to be written; also the most refused entries held for a later try. */
  readonly queueLimit: number;
  /** Least time between two writes of one file, milliseconds. Default 250. */
  readonly minIntervalMs?: number;
  /** How long `close` waits for the disk, milliseconds. Default 4000, so that a service stops within 5 s. */
  readonly closeTimeoutMs?: number;
  readonly fs?: LedgerFs;
}

/** Whose entries the trees without a component of their own are. */
const OWNER: Readonly<Record<EntryKind, string>> = { ledger: 'dtm', math_proof: 'dtm', submission: 'looping', rejection: 'looping', look_at: 'brain' };

/** The ledger over the brainstem's tree: a bounded queue in front of one background writer. */
export function createLedger(options: LedgerOptions): Ledger {
  return new QueuedLedger(options);
}

class QueuedLedger implements Ledger {
  readonly events = new EventEmitter<LedgerEvents>();
  readonly #options: LedgerOptions;
  readonly #counters = new Counters();
  readonly #ids = new IdMaker();
  readonly #told: RateLimitedLog;
  readonly #drain: Drain;
  #closing: Promise<void> | null = null;

  constructor(options: LedgerOptions) {
    const { brainstem, clock, log, queueLimit } = options;
    this.#options = options;
    this.#told = new RateLimitedLog(clock, (fields, message) => log.error(fields, message));
    const fs = options.fs ?? nodeFs;
    const nowIso = (): string => brainstem.timeParts(clock.now()).iso;
    const writer = new DefensiveWriter({ base: brainstem.base, fs, nowIso });
    const store = new DocumentStore({ brainstem, fs, writer, now: () => clock.now(), onCorrupt: (file, to, reason) => this.#onCorrupt(file, to, reason) });
    this.#drain = new Drain({
      brainstem,
      clock,
      counters: this.#counters,
      store,
      writer,
      nowIso,
      limit: queueLimit,
      minIntervalMs: options.minIntervalMs ?? 250,
      pending: new PendingFile(brainstem.base, fs),
      onResumed: (entries) => log.warn({ entries }, 'the last run ended in the middle of writing: its ledger entries are being finished'),
      onFallback: (_entry, result) => this.#onFallback(result),
      onRecovered: () => this.#onRecovered(),
    });
  }

  append(kind: EntryKind, entry: JsonObject): string {
    return this.#accept(kind, OWNER[kind], entry, null);
  }

  saveSystemReport(category: string, data: JsonObject, component?: string): string {
    return this.#accept('system_report', category, data, component ?? this.#labelOf(category));
  }

  saveSystemError(category: string, data: JsonObject, component?: string): string {
    return this.#accept('error_report', category, data, component ?? this.#labelOf(category));
  }

  #labelOf(category: string): string {
    try {
      return this.#options.brainstem.componentLabel(category);
    } catch {
      return category;
    }
  }

  stats(): LedgerStats {
    return this.#counters.snapshot();
  }

  flush(): Promise<void> {
    return this.#drain.flush();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { clock, closeTimeoutMs = 4000, log } = this.#options;
    const inTime = await new Promise<boolean>((resolve) => {
      const timer = clock.after(closeTimeoutMs, () => resolve(false));
      void this.#drain.close().finally(() => {
        timer.cancel();
        resolve(true);
      });
    });
    this.#told.close();
    const stats = this.stats();
    if (!inTime) log.error({ code: 'E_LEDGER_WRITE', queued: stats.queued, close_timeout_ms: closeTimeoutMs }, 'the disk did not take the last ledger entries in time');
    else if (stats.backup + stats.emergency + stats.lost > 0) log.warn({ backup: stats.backup, emergency: stats.emergency, lost: stats.lost }, 'the ledger closes with entries outside its tree');
  }

  #accept(type: FileType, category: string, data: JsonObject, label: string | null): string {
    this.#counters.accepted += 1;
    const placed = this.#toEntry(type, category, data, label);
    if (!this.#drain.add(placed)) {
      const reason = this.#closing ? 'the ledger is closed' : `the queue is full (${this.#options.queueLimit} entries)`;
      this.#counters.enter(3);
      this.#counters.lastError = reason;
      this.#onFallback({ ok: false, layer: 3, path: `${type} of ${category}`, reason });
    }
    return placed.id;
  }

  #toEntry(type: FileType, category: string, data: JsonObject, label: string | null): PlacedEntry {
    const { id: givenId, timestamp: given, ...fields } = sanitizeObject(data);
    const givenAt = instantOf(given);
    const at = givenAt ?? this.#options.clock.now();
    const iso = this.#options.brainstem.timeParts(at).iso;
    const id = typeof givenId === 'string' && givenId !== '' ? ownId(type, givenId) : this.#ids.next(type, iso);
    const entry: JsonObject = { id, timestamp: givenAt === null ? iso : given, ...fields };
    // A time without an offset cannot be put in a folder: what the caller wrote is kept beside the time of arrival.
    if (givenAt === null && given !== undefined && given !== null) entry.reported_timestamp = given;
    if (label !== null) entry.component ??= label;
    return { id, type, category, at, entry, targets: [], missing: new Set(), reason: null, kept: null };
  }

  #onFallback(result: WriteResult): void {
    const { layer, path, reason } = result as WriteResult & { layer: 1 | 2 | 3 };
    const code = layer === 3 ? 'E_LEDGER_LOST' : 'E_LEDGER_WRITE';
    const message = layer === 3 ? 'a ledger entry could not be kept on disk' : `a ledger entry is kept in ${layer === 1 ? 'Backup_Logs' : 'Emergency_Logs'}`;
    this.#told.tell(`layer ${layer}`, { code, layer, path, reason }, message);
    this.#emit(() => this.events.emit('fallback', { layer, path, reason: reason ?? '' }));
  }

  #onRecovered(): void {
    const { written, lost } = this.stats();
    this.#options.log.info({ written, lost }, 'the ledger reaches its tree again; entries kept elsewhere are in it');
    this.#emit(() => this.events.emit('recovered'));
  }

  #onCorrupt(file: string, renamedTo: string, reason: string): void {
    this.#counters.corruptFiles += 1;
    this.#counters.lastError = `${reason}; kept as ${renamedTo}`;
    this.#told.tell('corrupt', { code: 'E_LEDGER_CORRUPT', path: file, renamed_to: renamedTo, reason }, 'a ledger file was damaged; it is set aside and a new one started');
  }

  /** A listener that throws must not reach the miner or stop the writer. */
  #emit(emit: () => void): void {
    try {
      emit();
    } catch (error) {
      this.#told.tell('listener', { code: 'E_INTERNAL', reason: messageOf(error) }, 'a listener of the ledger threw');
    }
  }
}
