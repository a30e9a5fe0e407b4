import path from 'node:path';
import type { Disk } from '../disk/disk.ts';
import { segmentLines, type Line } from '../journal/lines.ts';
import { isLostSegment, listSegments } from '../journal/reader.ts';
import { decodeRecord, isRecord, type LedgerRecord } from '../journal/record.ts';
import type { Predicate } from './filter.ts';

/** Where the journal of a base folder is. */
export function journalFolder(base: string): string {
  return path.join(base, '.ledger', 'journal');
}

/**
 * The records that are wanted, some at a time so that memory stays the same however long the journal is. Damaged lines
 * are passed over: naming them is the work of `ledger verify`.
 * @param newestFirst a segment is then held whole
 */
export async function* wantedRecords(disk: Disk, folder: string, isWanted: Predicate, newestFirst = false): AsyncGenerator<LedgerRecord[]> {
  const segments = await listSegments(disk, folder);
  for (const segment of newestFirst ? segments.toReversed() : segments) {
    const held: LedgerRecord[][] = [];
    try {
      for await (const lines of segmentLines(disk, folder, segment)) {
        const wanted = recordsOf(lines, segment.limit).filter(isWanted);
        if (wanted.length === 0) continue;
        if (newestFirst) held.push(wanted.reverse());
        else yield wanted;
      }
    } catch (error) {
      if (!isLostSegment(error)) throw error;
    }
    yield* held.toReversed();
  }
}

/** The last `limit` records that are wanted, oldest first. @throws the disk's error */
export async function lastRecords(disk: Disk, folder: string, isWanted: Predicate, limit: number): Promise<LedgerRecord[]> {
  const last: LedgerRecord[] = [];
  if (limit === 0) return last;
  for await (const records of wantedRecords(disk, folder, isWanted, true)) {
    last.push(...records.slice(0, limit - last.length));
    if (last.length >= limit) break;
  }
  return last.reverse();
}

/** The records among lines. @param validTo highest number that counts */
function recordsOf(lines: readonly Line[], validTo: number): LedgerRecord[] {
  const records: LedgerRecord[] = [];
  for (const { json } of lines) {
    const record = json !== null && isRecord(json) ? decodeRecord(json) : null;
    if (record !== null && record.seq <= validTo) records.push(record);
  }
  return records;
}
