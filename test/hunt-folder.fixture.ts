import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { HuntArchive } from '../daemon/hunt/archive.ts';
import { JournalTail } from '../daemon/hunt/journal-tail.ts';
import { HuntRecord, type HuntEntry, type HuntResult } from '../daemon/hunt/record.ts';
import { nodeDisk } from '../daemon/ledger/disk/node-disk.ts';

export interface HuntFolder {
  readonly folder: string;
  readonly isComplete: boolean;
  /** As its journal has them. */
  readonly results: readonly { readonly job_uuid: string; readonly result: HuntResult }[];
  /** Names of the files, sorted. */
  readonly provenance: readonly string[];
  readonly csv: string;
}

/** The one hunt of a data folder as it stands on the disk; null = there is none (yet). @throws Error when there are two */
export async function readHuntFolder(dataDir: string): Promise<HuntFolder | null> {
  const archive = new HuntArchive({ folder: path.join(dataDir, 'Mining', 'Hunts') });
  const [hunt, ...others] = await archive.list();
  if (hunt === undefined) return null;
  if (others.length > 0) throw new Error(`there are ${1 + others.length} hunts`);
  const folder = await archive.folderOf(hunt.hunt_id);
  const record = new HuntRecord();
  await new JournalTail<HuntEntry>(nodeDisk, path.join(folder, 'journal.jsonl'), (entry) => record.apply(entry)).catchUp();
  return {
    folder,
    isComplete: hunt.status === 'completed',
    results: record.rows.flatMap(({ job, result }) => (result === null ? [] : [{ job_uuid: job.job_uuid, result }])),
    provenance: namesIn(path.join(folder, 'provenance')).sort(),
    csv: namesIn(folder).includes('simulation_ledger.csv') ? readFileSync(path.join(folder, 'simulation_ledger.csv'), 'utf8') : '',
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch {
    return [];
  }
}
