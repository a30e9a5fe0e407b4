import type { JsonObject, Mode } from '../../brainstem/contract.ts';
import type { LedgerRecord } from '../journal/record.ts';

const MODES: readonly string[] = ['demo', 'test', 'staging', 'live'] satisfies Mode[];

/**
 * What files say, or how they are cut, because of how a run was started. It is taken from the record every run begins with
 * and not from the program that happens to write the files, so that another program can write the same bytes.
 */
export class RunSettings {
  /** Mode of the run; null before the first `start` record, when the mode of the brainstem stands. */
  mode: Mode | null = null;
  /** Size at which a file with entries is closed and its next part begun, bytes. */
  maxViewBytes: number;

  /** @param maxViewBytes until a record says otherwise */
  constructor(maxViewBytes: number) {
    this.maxViewBytes = maxViewBytes;
  }

  /** Takes over what a `start` record says. */
  begin(record: LedgerRecord): void {
    let settings: JsonObject;
    try {
      settings = JSON.parse(record.entryText) as JsonObject;
    } catch {
      return;
    }
    this.take(settings);
  }

  /** Takes over the `mode` and `max_view_bytes` of a note or a record. */
  take({ mode, max_view_bytes: maxViewBytes }: JsonObject): void {
    if (typeof mode === 'string' && MODES.includes(mode)) this.mode = mode as Mode;
    if (typeof maxViewBytes === 'number' && maxViewBytes > 0) this.maxViewBytes = maxViewBytes;
  }
}
