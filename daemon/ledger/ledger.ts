import { EventEmitter } from 'node:events';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { Brainstem, FileType, JsonObject } from '../brainstem/contract.ts';
import type { EntryKind, Ledger, LedgerEvents, LedgerStats } from './contract.ts';
import type { EngineCounts, EngineEvent, EngineHost } from './engine/contract.ts';
import type { ReconcileReport } from './fallback/reconcile.ts';
import { addLookAt } from './look-at.ts';
import { RecordMaker } from './new-record.ts';
import type { NewRecord } from './journal/record.ts';
import { RateLimitedLog } from './rate-limited-log.ts';

export interface LedgerOptions {
  readonly brainstem: Brainstem;
  readonly clock: Clock;
  readonly log: Log;
  /** Most entries that may wait for the disk; beyond it an arriving entry is lost, and counted. */
  readonly queueLimit: number;
  /** Makes the engine, in this thread or another one. @param tell what it calls with its events */
  readonly engine: (tell: (event: EngineEvent) => void) => EngineHost;
  /** How long `close` waits for the disk, milliseconds. Default 4000, so that a service stops within 5 s. */
  readonly closeTimeoutMs?: number;
}

/** Whose entries the trees without a component of their own are. */
const OWNER: Readonly<Record<EntryKind, string>> = { ledger: 'dtm', math_proof: 'dtm', submission: 'looping', rejection: 'looping', look_at: 'brain' };
const NO_COUNTS: EngineCounts = { settled: 0, written: 0, backup: 0, emergency: 0, lost: 0, reconciled_earlier: 0, corrupt_files: 0, files_behind: 0, degraded: false, last_error: null, last_seq: 0, chain: '' };

/** The ledger as the daemon's components see it: makes records and hands them to the engine in batches. */
export function createLedger(options: LedgerOptions): Ledger {
  return new LedgerFacade(options);
}

class LedgerFacade implements Ledger {
  readonly events = new EventEmitter<LedgerEvents>();
  readonly #options: LedgerOptions;
  readonly #records: RecordMaker;
  readonly #told: RateLimitedLog;
  readonly #host: EngineHost;
  #batch: NewRecord[] = [];
  #counts = NO_COUNTS;
  #accepted = 0;
  /** Never reached the engine. */
  #refused = 0;
  #refusal: string | null = null;
  /** Falls since the tree last took everything, by layer. */
  #falls = { 1: 0, 2: 0, 3: 0 };
  /** Files could not follow the journal when last told. */
  #isBehind = false;
  #closing: Promise<void> | null = null;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#records = new RecordMaker(options.brainstem, options.clock, (backMs, id) => setImmediate(() => this.#onClockStep(backMs, id)));
    this.#told = new RateLimitedLog(options.clock, (fields, message) => options.log.error(fields, message));
    this.#host = options.engine((event) => this.#onEvent(event));
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

  begin(at: number, settings: JsonObject): void {
    this.#hand(this.#records.makeStart(at, settings));
  }

  /** Entries stay in the order they came, whatever hours they are filed under. */
  #onClockStep(backMs: number, entryId: string): void {
    if (this.#closing !== null) return;
    const seconds = Math.round(backMs / 1000);
    addLookAt(this, { severity: 'warning', reason: 'clock_step', message: `the clock was set back by ${seconds} s; entries stay in the order they came`, path: null, references: { entry: entryId } });
  }

  #labelOf(category: string): string {
    try {
      return this.#options.brainstem.componentLabel(category);
    } catch {
      return category;
    }
  }

  #accept(type: FileType, category: string, data: JsonObject, label: string | null): string {
    const record = this.#records.make(type, category, data, label);
    this.#accepted += 1;
    const { queued } = this.stats();
    if (this.#closing !== null) this.#refuse(record, 'the ledger is closed');
    else if (queued > this.#options.queueLimit) this.#refuse(record, `the queue is full (${this.#options.queueLimit} entries)`);
    else this.#hand(record);
    return record.id;
  }

  /** Entries that come together go together. */
  #hand(record: NewRecord): void {
    this.#batch.push(record);
    if (this.#batch.length === 1) setImmediate(() => this.#send());
  }

  #send(): void {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) this.#host.accept(batch);
  }

  #refuse(record: NewRecord, reason: string): void {
    this.#refused += 1;
    this.#refusal = reason;
    this.#onFallback(3, `${record.kind} of ${record.category}`, reason);
  }

  stats(): LedgerStats {
    const { settled, written, backup, emergency, lost, corrupt_files, files_behind, degraded, last_error, last_seq, chain } = this.#counts;
    return {
      accepted: this.#accepted,
      written,
      queued: this.#accepted - settled - this.#refused,
      backup,
      emergency,
      lost: lost + this.#refused,
      corrupt_files,
      files_behind,
      last_error: this.#refusal ?? last_error,
      degraded,
      last_seq,
      chain,
    };
  }

  async flush(): Promise<void> {
    this.#send();
    await this.#host.flush();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { clock, closeTimeoutMs = 4000, log } = this.#options;
    this.#send();
    const inTime = await new Promise<boolean>((resolve) => {
      const timer = clock.after(closeTimeoutMs, () => resolve(false));
      void this.#host.close().finally(() => {
        timer.cancel();
        resolve(true);
      });
    });
    this.#told.close();
    const { queued, backup, emergency, lost } = this.stats();
    if (!inTime) log.error({ code: 'E_LEDGER_WRITE', queued, close_timeout_ms: closeTimeoutMs }, 'the disk did not take the last ledger entries in time');
    else if (backup + emergency + lost > 0) log.warn({ backup, emergency, lost }, 'the ledger closes with entries outside its tree');
  }

  #onEvent(event: EngineEvent): void {
    const { log } = this.#options;
    switch (event.kind) {
      case 'counts':
        this.#counts = event.counts;
        break;
      case 'opened':
        if (event.lastAt !== null) this.#records.startAfter(event.lastAt);
        if (event.unclean) log.warn({ last_seq: event.lastSeq }, 'the last run ended without closing its ledger; it is being brought up to date from the journal');
        break;
      case 'fallback':
        this.#onFallback(event.layer, event.path, event.reason);
        break;
      case 'recovered':
        this.#onRecovered(event.report);
        break;
      case 'damage':
        this.#onDamage(event.file, event.what, event.kept);
        break;
      case 'files':
        this.#onFiles(event.behind, event.reason);
        break;
    }
  }

  #onFiles(files: number, reason: string | null): void {
    if (reason !== null) {
      this.#told.tell('files', { code: 'E_LEDGER_WRITE', files, reason }, 'ledger files could not be brought up to date; the journal has their entries');
      if (!this.#isBehind) this.#emit(() => this.events.emit('behind', { files, reason }));
    } else if (this.#isBehind && !this.#counts.degraded) {
      this.#emit(() => this.events.emit('recovered'));
    }
    this.#isBehind = reason !== null;
  }

  #onFallback(layer: 1 | 2 | 3, path: string, reason: string): void {
    this.#falls[layer] += 1;
    const code = layer === 3 ? 'E_LEDGER_LOST' : 'E_LEDGER_WRITE';
    const message = layer === 3 ? 'a ledger entry could not be kept on disk' : `a ledger entry is kept in ${layer === 1 ? 'Backup_Logs' : 'Emergency_Logs'}`;
    this.#told.tell(`layer ${layer}`, { code, layer, path, reason }, message);
    this.#emit(() => this.events.emit('fallback', { layer, path, reason }));
  }

  /** What happened goes into the tree itself, now that it can. */
  #onRecovered(report: ReconcileReport | null): void {
    const { log } = this.#options;
    const falls = this.#falls;
    this.#falls = { 1: 0, 2: 0, 3: 0 };
    log.info({ ...report }, 'the ledger reaches its tree again; entries kept elsewhere are in it');
    this.#emit(() => this.events.emit('recovered'));
    if (this.#closing !== null) return;
    if (falls[1] + falls[2] + falls[3] > 0) {
      this.saveSystemError('brainstem', { error_type: 'ledger_fallback', severity: 'error', message: 'the journal did not take entries for a while', context: { to_backup: falls[1], to_emergency: falls[2], to_memory_or_lost: falls[3], last_error: this.stats().last_error } });
    }
    if (report !== null) this.saveSystemReport('brainstem', { event: 'ledger_reconciled', ...report });
    const { lost } = this.stats();
    if (lost > 0) addLookAt(this, { severity: 'error', reason: 'entries_lost', message: `${lost} entries of this run are nowhere on disk`, path: null, references: {} });
  }

  #onDamage(file: string, what: string, kept: string | null): void {
    const isOfTree = !/^(\.ledger|Backup_Logs|Emergency_Logs)\//.test(file);
    const message = isOfTree ? 'a ledger file was not what it should be; it is made anew from the journal' : 'a part of the ledger cannot be read; it stays where it is, and what can be read around it is used';
    this.#told.tell(isOfTree ? 'corrupt' : 'unreadable', { code: 'E_LEDGER_CORRUPT', path: file, renamed_to: kept, reason: what }, message);
    if (this.#closing !== null) return;
    addLookAt(this, { severity: 'error', reason: 'file_damaged', message: `${file}: ${what}${kept === null ? '' : `; it is kept as ${kept}`}`, path: file, references: {} });
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
