import type { Journal } from '../journal/contract.ts';
import type { LedgerRecord, NewRecord } from '../journal/record.ts';
import { CHAIN_START } from '../journal/record.ts';
import type { Keeper, KeepResult } from '../fallback/contract.ts';
import type { ReconcileReport } from '../fallback/reconcile.ts';
import type { EngineCounts, EngineEvent } from './contract.ts';

/** Records of this run in the lower layers that are told apart from those of earlier runs. */
const MOST_TRACKED = 100_000;

/** Counts what becomes of every record, and tells. At any time `settled = written + backup + emergency + lost`. */
export class Counter {
  readonly #tell: (event: EngineEvent) => void;
  readonly #keeper: Keeper;
  /** Layer of each record of this run that is not in the journal. */
  readonly #kept = new Map<string, 1 | 2 | 3>();
  readonly #layers = { 1: 0, 2: 0, 3: 0 };
  #ofEarlierRuns: ReadonlySet<string> = new Set();
  #written = 0;
  #earlier = 0;
  #corrupt = 0;
  #behind = 0;
  #degraded = false;
  #lastError: string | null = null;
  #lastSeq = 0;
  #chain = CHAIN_START;
  /** How often the journal failed. */
  failures = 0;

  constructor(tell: (event: EngineEvent) => void, keeper: Keeper) {
    this.#tell = tell;
    this.#keeper = keeper;
  }

  /** Records became durable; those that were kept below before leave their layer. */
  durable(records: readonly LedgerRecord[], journal: Journal | null): void {
    if (records.length === 0) return;
    for (const { id, kind } of records) {
      const layer = this.#kept.get(id);
      if (layer !== undefined) {
        this.#kept.delete(id);
        this.#layers[layer] -= 1;
      }
      if (this.#ofEarlierRuns.has(id)) this.#earlier += 1;
      else if (kind !== 'start') this.#written += 1;
    }
    this.#lastSeq = records.at(-1)?.seq ?? this.#lastSeq;
    this.#chain = journal?.chain ?? this.#chain;
    this.#tellCounts(records.map(({ id }) => id));
  }

  /** A record that was handed over before. @param isDurable an earlier run or thread wrote it: nothing more will be told of it */
  duplicate({ id, kind }: NewRecord, isDurable: boolean): void {
    if (kind !== 'start') this.#written += 1;
    this.#tellCounts(isDurable ? [id] : []);
  }

  /** These are being brought back and were accepted by an earlier run: they are none of this one's. */
  expectEarlier(ids: ReadonlySet<string>): void {
    this.#ofEarlierRuns = ids;
  }

  isOfThisRun(id: string): boolean {
    return this.#kept.has(id);
  }

  kept(id: string, result: KeepResult | undefined): void {
    if (result === undefined) return;
    const { layer, path, reason } = result;
    if (this.#kept.size < MOST_TRACKED) this.#kept.set(id, layer);
    this.#layers[layer] += 1;
    this.#lastError = reason;
    this.#tellCounts([id]);
    this.#tell({ kind: 'fallback', layer, path, reason });
  }

  failed(reason: string): void {
    this.failures += 1;
    this.#degraded = true;
    this.#lastError = reason;
    this.#tellCounts();
  }

  /** The journal works and the lower layers are empty, as far as they can be. */
  healed(report: ReconcileReport | null): void {
    const was = this.#degraded;
    this.#degraded = false;
    this.#tellCounts();
    if (was || (report?.reconciled ?? 0) > 0) this.#tell({ kind: 'recovered', report });
  }

  get degraded(): boolean {
    return this.#degraded;
  }

  damage(file: string, what: string, kept: string | null): void {
    this.#corrupt += 1;
    this.#lastError = `${file}: ${what}${kept === null ? '' : `; kept as ${kept}`}`;
    this.#tellCounts();
    this.#tell({ kind: 'damage', file, what, kept });
  }

  filesBehind(failed: readonly { readonly path: string; readonly reason: string }[]): void {
    const before = this.#behind;
    this.#behind = failed.length;
    const [first] = failed;
    if (first !== undefined) this.#lastError = `${first.path}: ${first.reason}`;
    if (before !== this.#behind) {
      this.#tellCounts();
      this.#tell({ kind: 'files', behind: this.#behind, reason: first === undefined ? null : `${first.path}: ${first.reason}` });
    }
  }

  counts(): EngineCounts {
    const { 1: backup, 2: emergency, 3: lost } = this.#layers;
    return {
      settled: this.#written + backup + emergency + lost,
      written: this.#written,
      backup,
      emergency,
      lost,
      reconciled_earlier: this.#earlier,
      corrupt_files: this.#corrupt,
      files_behind: this.#behind,
      degraded: this.#degraded || this.#behind > 0 || this.#keeper.counts().ring > 0,
      last_error: this.#lastError,
      last_seq: this.#lastSeq,
      chain: this.#chain,
    };
  }

  #tellCounts(settled: readonly string[] = []): void {
    this.#tell({ kind: 'counts', counts: this.counts(), settled });
  }
}
