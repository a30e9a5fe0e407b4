import { localIso } from '../../brainstem/local-iso.ts';
import type { Disk } from '../disk/disk.ts';
import { listSegments, type SegmentInfo } from '../journal/reader.ts';
import { recover } from '../journal/recover.ts';
import { journalFolder, lastRecords } from '../query/records.ts';
import { archiveYear, closedYears, removeArchived, type ClosedYear } from './archive.ts';
import { readHistory, writeHistory, type Archived } from './history.ts';
import { packable, packSegment } from './pack.ts';
import { yearFolders, type PeriodFolder } from './periods.ts';
import { applyRetention, planRetention, type RetentionPlan } from './retention.ts';

export interface CompactOptions {
  readonly disk: Disk;
  /** Absolute path of the base folder. */
  readonly base: string;
  /** ms since the epoch */
  readonly now: number;
  /** Segments and years younger than this stay as they are, ms. */
  readonly olderThanMs: number;
  /** What is older than this goes, ms; null = nothing goes. */
  readonly retentionMs: number | null;
  readonly archiveYearly: boolean;
}

/** What there is to do. */
export interface CompactPlan {
  readonly pack: readonly SegmentInfo[];
  readonly retention: RetentionPlan | null;
  readonly archive: readonly ClosedYear[];
}

/** What was done. */
export interface CompactResult {
  readonly packed: readonly { readonly segment: string; readonly bytes_before: number; readonly bytes_after: number }[];
  readonly archived: readonly Archived[];
}

/** Works out what there is to do; changes nothing. @throws the disk's error */
export async function planCompact({ disk, base, now, olderThanMs, retentionMs, archiveYearly }: CompactOptions): Promise<CompactPlan> {
  const journal = journalFolder(base);
  const segments = await listSegments(disk, journal);
  const wantsTree = retentionMs !== null || archiveYearly;
  const [years, open] = wantsTree ? [await yearFolders(base), await openFiles(disk, base)] : [[], []];
  const isOpen = (folder: PeriodFolder): boolean => open.some((file) => file.startsWith(`${folder.path}/`));
  const zone = (await lastRecords(disk, journal, () => true, 1))[0]?.zone ?? 0;
  const monthAgo = (ms: number): string => localIso(now - ms, zone).slice(0, 7).replace('-', '/');
  const retention = retentionMs === null ? null : await planRetention(disk, base, journal, segments, now - retentionMs, monthAgo(retentionMs), years, isOpen);
  const gone = new Set(retention?.segments);
  const goneFolders = new Set(retention?.folders.map((folder) => folder.path));
  // A year goes into its archive as a whole.
  const openYears = new Set(years.filter(isOpen).map((year) => year.period));
  const resting = years.filter((year) => !goneFolders.has(year.path) && !openYears.has(year.period));
  return {
    pack: packable(segments, now - olderThanMs).filter((segment) => !gone.has(segment)),
    retention,
    archive: archiveYearly ? await closedYears(base, resting, monthAgo(olderThanMs).slice(0, 4)) : [],
  };
}

/** Files that the next run would go on with. */
async function openFiles(disk: Disk, base: string): Promise<string[]> {
  return (await recover(disk, journalFolder(base))).recovered.views.map((view) => String(view.p));
}

/**
 * Does what a plan says. Whenever it is cut short, what is left is a whole ledger, and doing it again finishes the work.
 * The caller holds the folder's lock. @param tell what is being done, in words
 * @throws the disk's error; what was done until then stays done
 */
export async function runCompact({ disk, base, now }: CompactOptions, plan: CompactPlan, tell: (words: string) => void): Promise<CompactResult> {
  const journal = journalFolder(base);
  let history = await readHistory(disk, base);
  const { retention } = plan;
  if (retention !== null && (retention.begins !== null || retention.folders.length > 0)) {
    const begins = retention.begins === null ? history.begins : { ...retention.begins, decided_at_ms: now };
    const removed = new Set([...history.removed_periods, ...retention.folders.map((folder) => folder.period)]);
    history = { ...history, begins, removed_periods: [...removed].sort() };
    await writeHistory(disk, base, history);
    tell(`removing ${retention.segments.length} segments and ${retention.folders.length} time folders`);
    await applyRetention(disk, base, journal, retention);
  }
  const packed: { segment: string; bytes_before: number; bytes_after: number }[] = [];
  for (const { name, bytes } of plan.pack) {
    tell(`packing ${name}`);
    packed.push({ segment: name, bytes_before: bytes, bytes_after: await packSegment(disk, journal, name) });
  }
  const archived: Archived[] = [];
  for (const year of plan.archive) {
    tell(`archiving ${year.year}: ${year.files.length} files`);
    const made = await archiveYear(disk, base, year, history.archived);
    history = { ...history, archived: [...history.archived.filter((other) => other.file !== made.file), made] };
    await writeHistory(disk, base, history);
    await removeArchived(disk, base, year);
    archived.push(made);
  }
  return { packed, archived };
}
