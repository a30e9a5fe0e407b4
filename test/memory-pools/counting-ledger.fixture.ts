import { EventEmitter } from 'node:events';
import type { EntryKind, Ledger, LedgerEvents, LedgerStats } from '../../daemon/ledger/contract.ts';

/** A ledger that counts what it is given and keeps none of it, so that it cannot hide what others keep. */
export class CountingLedger implements Ledger {
  readonly events = new EventEmitter<LedgerEvents>();
  readonly counts: Record<EntryKind | 'report' | 'error', number> = { ledger: 0, math_proof: 0, submission: 0, rejection: 0, look_at: 0, report: 0, error: 0 };
  #taken = 0;

  append(kind: EntryKind): string {
    return this.#take(kind);
  }

  saveSystemReport(): string {
    return this.#take('report');
  }

  saveSystemError(): string {
    return this.#take('error');
  }

  begin(): void {}

  stats(): LedgerStats {
    return { accepted: this.#taken, written: this.#taken, queued: 0, backup: 0, emergency: 0, lost: 0, corrupt_files: 0, files_behind: 0, last_error: null, degraded: false, last_seq: this.#taken, chain: '' };
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {}

  #take(kind: keyof CountingLedger['counts']): string {
    this.counts[kind] += 1;
    this.#taken += 1;
    return String(this.#taken);
  }
}
