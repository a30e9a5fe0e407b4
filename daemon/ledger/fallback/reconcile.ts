import { messageOf } from '../../../protocol/common/errors.ts';
import { localIso } from '../../brainstem/local-iso.ts';
import type { NewRecord } from '../journal/record.ts';
import type { Keeper, KeptRecord } from './contract.ts';

/** What one reconciliation did: the content of the system report about it. */
export interface ReconcileReport {
  /** Records that are in the journal now and were not before. */
  readonly reconciled: number;
  /** Records the journal had already: a crash came between taking them over and removing them. */
  readonly skipped_duplicates: number;
  /** Files and lines of the lower layers that are no record; they stay where they are. */
  readonly unreadable: number;
  /** Where the reconciled ones were. */
  readonly layers: { readonly backup: number; readonly emergency: number; readonly ring: number };
  /** Gone since the start of the run: see `KeeperCounts.lost`. */
  readonly lost: number;
  /** When the earliest and the latest reconciled record came, local time with offset; null when there was none. */
  readonly since: string | null;
  readonly until: string | null;
  /** Still in the lower layers: the journal failed again, or the disk could not read them. */
  readonly remaining: number;
  /** Why it ended early; null when it did not. */
  readonly error: string | null;
}

export interface ReconcileOptions {
  readonly keeper: Keeper;
  /** Which of these ids the journal has. A rejection ends the reconciliation: without an answer nothing may be appended. */
  readonly known: (ids: readonly string[]) => ReadonlySet<string> | Promise<ReadonlySet<string>>;
  /**
   * Appends records in this order and waits until they are durable.
   * @returns the ids that are; the others must not be appended later by somebody else, they are still kept
   */
  readonly append: (records: readonly NewRecord[]) => Promise<ReadonlySet<string>>;
  /** Most records taken over with one sync of the journal. Default 500. */
  readonly batch?: number;
  /** True to leave the rest for later, asked before every batch. */
  readonly shouldStop?: () => boolean;
}

const BATCH = 500;
const LAYERS = { 1: 'backup', 2: 'emergency', 3: 'ring' } as const;

/**
 * Takes everything kept in the lower layers over into the journal, in order of arrival, exactly once: a batch is removed
 * from the lower layers only when it is durable in the journal, and what a crash in between leaves in both is known by
 * its id. Never rejects; may be called again at any time.
 */
export async function reconcile(options: ReconcileOptions): Promise<ReconcileReport> {
  const { keeper, batch = BATCH, shouldStop = () => false } = options;
  const tally = new Tally();
  let error: string | null = null;
  try {
    while (!shouldStop()) {
      const kept = await keeper.kept(batch);
      if (kept.length === 0) break;
      error = await takeOver(kept, options, tally);
      if (error !== null) break;
    }
  } catch (failure) {
    error = messageOf(failure);
  }
  const { backup, emergency, ring, lost, unreadable } = keeper.counts();
  return { ...tally.report(), unreadable, lost, remaining: backup + emergency + ring, error };
}

/** @returns why it must end here; null when the whole batch is in the journal */
async function takeOver(kept: readonly KeptRecord[], { keeper, known, append }: ReconcileOptions, tally: Tally): Promise<string | null> {
  const there = await known(kept.map(({ record }) => record.id));
  const fresh = kept.filter(({ record }) => !there.has(record.id));
  const durable = fresh.length === 0 ? new Set<string>() : await append(fresh.map(({ record }) => record));
  const taken = fresh.filter(({ record }) => durable.has(record.id));
  tally.add(taken, kept.length - fresh.length);
  await keeper.forget(new Set(kept.map(({ record }) => record.id).filter((id) => there.has(id) || durable.has(id))));
  return taken.length === fresh.length ? null : `the journal took ${taken.length} of ${fresh.length} records`;
}

class Tally {
  #reconciled = 0;
  #skipped = 0;
  readonly #layers = { backup: 0, emergency: 0, ring: 0 };
  #first: NewRecord | null = null;
  #last: NewRecord | null = null;

  add(taken: readonly KeptRecord[], skipped: number): void {
    this.#reconciled += taken.length;
    this.#skipped += skipped;
    for (const { record, layer } of taken) {
      this.#layers[LAYERS[layer]] += 1;
      if (this.#first === null || record.at < this.#first.at) this.#first = record;
      if (this.#last === null || record.at > this.#last.at) this.#last = record;
    }
  }

  report(): Pick<ReconcileReport, 'reconciled' | 'skipped_duplicates' | 'layers' | 'since' | 'until'> {
    return { reconciled: this.#reconciled, skipped_duplicates: this.#skipped, layers: { ...this.#layers }, since: timeOf(this.#first), until: timeOf(this.#last) };
  }
}

function timeOf(record: NewRecord | null): string | null {
  return record === null ? null : localIso(record.at, record.zone);
}
