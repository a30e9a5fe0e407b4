import type { Disk } from '../disk/disk.ts';
import type { Damage } from '../journal/contract.ts';
import { readJournal } from '../journal/reader.ts';

/** Whether a journal has all that was ever written. */
export interface JournalState {
  readonly damage: readonly Damage[];
  /** First record in it; null when there is none. */
  readonly firstSeq: number | null;
}

/** Most damage that is kept for telling. */
const MOST = 100;

/** Reads all of a journal. @throws the disk's error */
export async function journalState(disk: Disk, journal: string): Promise<JournalState> {
  const damage: Damage[] = [];
  let firstSeq: number | null = null;
  for await (const { record } of readJournal(disk, journal, { onDamage: (found) => damage.length < MOST && damage.push(found) })) firstSeq ??= record.seq;
  return { damage, firstSeq };
}
