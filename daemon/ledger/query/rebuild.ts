import path from 'node:path';
import { rm } from 'node:fs/promises';
import type { Brainstem, JsonObject } from '../../brainstem/contract.ts';
import { localIso } from '../../brainstem/local-iso.ts';
import { placeholderTargets, placeholderText } from '../../brainstem/placeholder-files.ts';
import type { Disk } from '../disk/disk.ts';
import { ensureFolder, statOrNull, writeWhole } from '../disk/files.ts';
import { readJournal } from '../journal/reader.ts';
import type { LedgerRecord } from '../journal/record.ts';
import { RunSettings } from '../views/run-settings.ts';
import { ViewSet } from '../views/view-set.ts';
import { walkTree } from './tree-walk.ts';

export interface RebuildOptions {
  readonly disk: Disk;
  readonly base: string;
  readonly journal: string;
  readonly brainstem: Pick<Brainstem, 'viewTargetsOf' | 'instantiate' | 'componentIds'>;
  readonly maxViewBytes: number;
  /** Told of what was found on the way. */
  readonly onDamage: (where: string, what: string) => void;
}

export interface RebuildResult {
  readonly records: number;
  /** Files made from records. */
  readonly files: number;
  /** Empty files of the runs' first hours that were missing. */
  readonly placeholders: number;
}

/** Entries held before files are written. */
const ROUND_BYTES = 8 << 20;
/** Longer than a file may be idle: what a round did not touch is closed in the next. */
const ROUND_MS = 11 * 60_000;

/**
 * Makes every file of the tree anew from the journal. The new files are made beside the old ones and then take their names one
 * by one, so that at every instant each name has a whole file. The caller holds the folder's lock.
 * @throws the disk's error; what has not been replaced is as it was, and a second call starts over
 */
export async function rebuildTree(options: RebuildOptions): Promise<RebuildResult> {
  const { disk, base, journal, brainstem, maxViewBytes, onDamage } = options;
  const workshop = path.join(base, '.ledger', 'rebuild');
  await rm(workshop, { recursive: true, force: true });
  await ensureFolder(disk, workshop);
  let rounds = 0;
  let last = 0;
  const starts: LedgerRecord[] = [];
  const views = new ViewSet({
    disk,
    base: workshop,
    blueprint: brainstem,
    maxViewBytes,
    monotonic: () => rounds * ROUND_MS,
    stamp: () => `rebuild-${rounds}`,
    records: async function* (fromSeq) {
      for await (const { record } of readJournal(disk, journal, { fromSeq, toSeq: last })) yield record;
    },
    onWrite: () => {},
    onSync: () => {},
    onDamage: (file, what) => onDamage(file, what),
  });
  const round = async (): Promise<void> => {
    rounds += 1;
    const { failed } = await views.round(['leaf', 'coarse']);
    const [first] = failed;
    if (first !== undefined) throw new Error(`${first.path}: ${first.reason}`);
  };
  let records = 0;
  for await (const { record } of readJournal(disk, journal, { onDamage: ({ segment, offset, reason }) => onDamage(`${segment} at byte ${offset}`, reason) })) {
    if (record.kind === 'start') starts.push(record);
    views.take(record);
    last = record.seq;
    records += 1;
    if (views.waitingBytes > ROUND_BYTES) await round();
  }
  await round();
  const files = await moveIntoPlace(disk, workshop, base);
  // The inodes the next run would look for are no longer those of the tree.
  await rm(path.join(base, '.ledger', 'shadow'), { recursive: true, force: true });
  await rm(workshop, { recursive: true, force: true });
  let placeholders = 0;
  for (const start of starts) placeholders += await layEmptyFiles(options, start);
  return { records, files, placeholders };
}

async function moveIntoPlace(disk: Disk, workshop: string, base: string): Promise<number> {
  const made = [...(await walkTree(disk, workshop)).keys()];
  const folders = new Set<string>();
  for (const file of made) {
    const to = path.join(base, file);
    if (!folders.has(path.dirname(to))) await ensureFolder(disk, path.dirname(to));
    await disk.rename(path.join(workshop, file), to);
    folders.add(path.dirname(to));
  }
  for (const folder of folders) await disk.syncFolder(folder);
  return made.length;
}

/** What a run laid out at its start and nothing has been written to since. */
async function layEmptyFiles({ disk, base, brainstem }: RebuildOptions, start: LedgerRecord): Promise<number> {
  const { files_refused: refused } = JSON.parse(start.entryText) as JsonObject;
  const run = new RunSettings(0);
  run.begin(start);
  const left = new Set(Array.isArray(refused) ? refused : []);
  let laid = 0;
  for (const target of placeholderTargets(brainstem, start.bucket)) {
    const file = path.join(base, target.path);
    if (left.has(target.path) || (await statOrNull(disk, file)) !== null) continue;
    await writeWhole(disk, file, Buffer.from(placeholderText(brainstem, target, localIso(start.at, start.zone), run.mode ?? undefined)));
    laid += 1;
  }
  return laid;
}
