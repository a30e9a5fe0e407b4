import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Disk } from '../disk/disk.ts';
import { unlinkIfThere } from '../disk/files.ts';
import type { SegmentInfo } from '../journal/reader.ts';
import { wantedRecords } from '../query/records.ts';
import type { Beginning } from './history.ts';
import { KEPT_PLAIN, wasSealedBefore } from './pack.ts';
import { monthFolders, type PeriodFolder } from './periods.ts';

/** What is too old to keep. */
export interface RetentionPlan {
  /** The oldest segments of the journal, whole ones. */
  readonly segments: readonly SegmentInfo[];
  /** Where the journal begins without them; null when none goes. */
  readonly begins: Omit<Beginning, 'decided_at_ms'> | null;
  /** Time folders of years and months that no record is left of. */
  readonly folders: readonly PeriodFolder[];
}

/**
 * @param segments oldest first @param before ms since the epoch: what is older goes @param beforeMonth the same as local time, `2025/11`
 * @param years folders of the tree @param isOpen whether a folder has a file that the next run would go on with
 * @throws the disk's error
 */
export async function planRetention(disk: Disk, base: string, journal: string, segments: readonly SegmentInfo[], before: number, beforeMonth: string, years: readonly PeriodFolder[], isOpen: (folder: PeriodFolder) => boolean): Promise<RetentionPlan> {
  let count = 0;
  while (count < segments.length - KEPT_PLAIN && wasSealedBefore(segments, count, before)) count += 1;
  // The record kept first must be known to follow from something.
  while (count > 0 && segments[count]?.header === null) count -= 1;
  const header = segments[count]?.header ?? null;
  const begins = count === 0 || header === null ? null : { seq: header.after + 1, chain: header.chain };
  const kept = await keptMonths(disk, journal, begins?.seq ?? 0);
  const keptYears = new Set([...kept].map((month) => month.slice(0, 4)));
  const folders: PeriodFolder[] = [];
  for (const year of years) {
    if (year.period < beforeMonth.slice(0, 4) && !keptYears.has(year.period) && !isOpen(year)) {
      folders.push(year);
      continue;
    }
    const months = await monthFolders(base, year);
    folders.push(...months.filter((month) => month.period < beforeMonth && !kept.has(month.period) && !isOpen(month)));
  }
  return { segments: segments.slice(0, count), begins, folders };
}

/** The months that records from this one on belong to. */
async function keptMonths(disk: Disk, journal: string, fromSeq: number): Promise<Set<string>> {
  const months = new Set<string>();
  for await (const records of wantedRecords(disk, journal, (record) => record.seq >= fromSeq)) for (const record of records) months.add(record.bucket.slice(0, 7));
  return months;
}

/** Removes what a plan names; where the journal begins must have been written down before. May be done again after it was cut short. @throws the disk's error */
export async function applyRetention(disk: Disk, base: string, journal: string, { segments, folders }: RetentionPlan): Promise<void> {
  for (const folder of folders) {
    await rm(path.join(base, folder.path), { recursive: true, force: true });
    await disk.syncFolder(path.dirname(path.join(base, folder.path)));
  }
  // Oldest first, so that what a crash leaves is still one row.
  for (const segment of segments) {
    const plain = segment.name.replace(/\.gz$/, '');
    await unlinkIfThere(disk, path.join(journal, plain));
    await unlinkIfThere(disk, path.join(journal, `${plain}.gz`));
    await disk.syncFolder(journal);
  }
}
