import path from 'node:path';
import { isMissing, type Disk } from '../disk/disk.ts';
import { statOrNull } from '../disk/files.ts';
import { Cursor, headerIn, type Listener, type ReadRecord } from './cursor.ts';
import { segmentLines } from './lines.ts';
import { decodeRecord, isRecord } from './record.ts';
import { segmentsIn, type SegmentHeader, type SegmentRef } from './segment.ts';

export interface ReadOptions extends Listener {
  /** First and last sequence number wanted. Segments outside are not opened but for their header. */
  readonly fromSeq?: number;
  readonly toSeq?: number;
}

/** A segment and what its header says. */
export interface SegmentInfo extends SegmentRef {
  /** Size of the file. */
  readonly bytes: number;
  /** Null when it is lost; `after` is then worked out from the first record. */
  readonly header: SegmentHeader | null;
  /** Number of the last valid record before it; null when neither header nor a record that could belong there is left. */
  readonly after: number | null;
  /** Records above this in it are void; infinity for the newest. */
  readonly limit: number;
}

/** The newest segments, back to one that begins before a record: at a start nobody needs to look at years of headers. */
async function lastSegments(disk: Disk, folder: string, downTo: number): Promise<SegmentRef[]> {
  const all = await segmentsIn(disk, folder);
  for (let index = all.length - 1; downTo > 1 && index > 0; index -= 1) {
    const { header } = await startOf(disk, folder, all[index]!);
    if (header !== null && header.after < downTo) return all.slice(index);
  }
  return all;
}

/** Segments, oldest first. Reads only their headers. @param downTo of those that end before this record none is wanted @throws the disk's error */
export async function listSegments(disk: Disk, folder: string, downTo = 0): Promise<SegmentInfo[]> {
  const starts: Omit<SegmentInfo, 'limit'>[] = [];
  let headerAfter = 0;
  for (const ref of await lastSegments(disk, folder, downTo)) {
    const { header, after } = await startOf(disk, folder, ref);
    const bytes = (await statOrNull(disk, path.join(folder, ref.name)))?.size ?? 0;
    if (header !== null) headerAfter = header.after;
    // Without a header, records from before the segment before are no sign that everything since is void: somebody put a copy there.
    const isCopy = header === null && after !== null && after < headerAfter;
    starts.push({ ...ref, bytes, header, after: isCopy ? null : after });
  }
  const infos: SegmentInfo[] = [];
  let limit = Number.POSITIVE_INFINITY;
  for (const start of starts.reverse()) {
    infos.push({ ...start, limit });
    if (start.after !== null) limit = Math.min(limit, start.after);
  }
  return infos.reverse();
}

/**
 * The records of a journal, each number once, in order. Works beside the daemon that writes it; no lock is needed.
 * @throws the disk's error when the folder or a segment cannot be opened
 */
export async function* readJournal(disk: Disk, folder: string, options: ReadOptions = {}): AsyncGenerator<ReadRecord> {
  const { fromSeq = 0, toSeq = Number.POSITIVE_INFINITY } = options;
  const segments = await listSegments(disk, folder, fromSeq);
  const gaps = segments.flatMap(({ header }) => header?.gaps ?? []);
  const isKnown = (from: number, to: number): boolean => gaps.some(([first, last]) => first <= from && to <= last);
  const cursor = new Cursor(options, isKnown);
  for (const info of segments) {
    if (info.limit < fromSeq || (info.after !== null && info.after >= toSeq)) continue;
    cursor.begin({ name: info.name, after: info.after, chain: info.header?.chain ?? null, limit: info.limit });
    if (info.header === null) options.onDamage?.({ segment: info.name, offset: 0, reason: 'the header is lost' });
    const onUnreadable = (offset: number, error: unknown): void => options.onDamage?.({ segment: info.name, offset, reason: `cannot be read: ${String(error)}` });
    try {
      for await (const lines of segmentLines(disk, folder, info, 0, onUnreadable)) {
        for (const line of lines) {
          const found = cursor.line(line);
          if (found === null || found.record.seq < fromSeq) continue;
          if (found.record.seq > toSeq) return;
          yield found;
        }
      }
    } catch (error) {
      if (!isLostSegment(error)) throw error;
      options.onDamage?.({ segment: info.name, offset: 0, reason: `cannot be read on: ${String(error)}` });
    }
  }
}

async function startOf(disk: Disk, folder: string, ref: SegmentRef): Promise<{ header: SegmentHeader | null; after: number | null }> {
  let header: SegmentHeader | null = null;
  let isFirst = true;
  try {
    for await (const lines of segmentLines(disk, folder, ref)) {
      if (isFirst) header = headerIn(lines, ref.number);
      isFirst = false;
      if (header !== null) return { header, after: header.after };
      for (const { json } of lines) {
        const record = json !== null && isRecord(json) ? decodeRecord(json) : null;
        if (record !== null) return { header: null, after: record.seq - 1 };
      }
    }
  } catch (error) {
    if (!isLostSegment(error)) throw error;
  }
  return { header: null, after: null };
}

/** True for the error of a segment that was removed meanwhile, or is packed and damaged: what came out before it counts. */
export function isLostSegment(error: unknown): boolean {
  return isMissing(error) || ((error as NodeJS.ErrnoException).code ?? '').startsWith('Z_');
}
