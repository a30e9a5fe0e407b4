import { EventEmitter } from 'node:events';
import type { JsonObject } from '../brainstem/contract.ts';
import type { EntryKind, Ledger, LedgerEvents, LedgerStats } from './contract.ts';

/** Keeps what it is given, for tests of those who write to the ledger. */
export class MemoryLedger implements Ledger {
  readonly events = new EventEmitter<LedgerEvents>();
  readonly entries: { kind: EntryKind; entry: JsonObject }[] = [];
  readonly reports: { category: string; data: JsonObject; component: string | undefined }[] = [];
  readonly errors: { category: string; data: JsonObject }[] = [];

  append(kind: EntryKind, entry: JsonObject): string {
    this.entries.push({ kind, entry });
    return String(this.entries.length);
  }

  saveSystemReport(category: string, data: JsonObject, component?: string): string {
    this.reports.push({ category, data, component });
    return String(this.reports.length);
  }

  saveSystemError(category: string, data: JsonObject): string {
    this.errors.push({ category, data });
    return String(this.errors.length);
  }

  begin(): void {}

  stats(): LedgerStats {
    return { accepted: this.entries.length, written: this.entries.length, queued: 0, backup: 0, emergency: 0, lost: 0, corrupt_files: 0, files_behind: 0, last_error: null, degraded: false, last_seq: this.entries.length, chain: '' };
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {}

  of(kind: EntryKind): JsonObject[] {
    return this.entries.filter((item) => item.kind === kind).map((item) => item.entry);
  }
}
