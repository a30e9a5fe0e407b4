import path from 'node:path';
import { isMissing, type Disk, type DiskFile } from '../disk/disk.ts';
import { headerIn } from '../journal/cursor.ts';
import { segmentLines } from '../journal/lines.ts';
import { isLostSegment } from '../journal/reader.ts';
import { checkedJson, decodeRecord, isRecord, type LedgerRecord } from '../journal/record.ts';
import { segmentsIn, type SegmentRef } from '../journal/segment.ts';

export interface PageQuestion {
  /** Only records with a smaller number; left out: the newest. */
  readonly before?: number | undefined;
  readonly limit: number;
  /** Only records of this kind. */
  readonly kind?: string | undefined;
}

export interface RecordPage {
  /** Newest first. */
  readonly records: readonly LedgerRecord[];
  /** To be given as `before` for what is older; null = there is nothing. */
  readonly nextBefore: number | null;
}

/** Segments read for a page at most: a rare kind may stand far back, and is then found page by page. */
const MOST_SEGMENTS = 3;
/** Text of a page at most; a page has one record at least. */
const MOST_PAGE_CHARS = 1024 * 1024;
/** A plain segment is read from its end in pieces of this. What has no line end for a segment's length is no line. */
const CHUNK_BYTES = 64 * 1024;
const MOST_LINE_BYTES = 4 * 1024 * 1024;
/** Headers remembered: a segment's never changes. */
const MOST_HEADERS = 65_536;

/**
 * Pages of a journal beside the daemon that writes it, newest first. A page costs the same however long the journal is:
 * its segment is found by halving, and read from the end. Damaged lines are passed over.
 */
export class JournalPages {
  readonly #disk: Disk;
  readonly #folder: string;
  /** Number of the last valid record before a segment, by the segment's number; null = its header is lost. */
  readonly #afters = new Map<number, number | null>();

  constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = folder;
  }

  /**
   * Where not enough is found soon, the page is short or empty, and `nextBefore` goes on behind what was looked at.
   * @throws the disk's error
   */
  async page({ before = Number.POSITIVE_INFINITY, limit, kind }: PageQuestion): Promise<RecordPage> {
    const segments = await segmentsIn(this.#disk, this.#folder);
    const found: LedgerRecord[] = [];
    let room = MOST_PAGE_CHARS;
    let looked = 0;
    /** Smallest number looked at, wanted or not. */
    let lowest = before;
    for (let at = await this.#lastBefore(segments, before); at >= 0; at -= 1) {
      // Always below what was asked for, whatever headers say: else who pages through would never come to an end.
      if (looked === MOST_SEGMENTS) return { records: found, nextBefore: below(Math.min((await this.#limitOf(segments, at)) + 1, lowest, before - 1)) };
      looked += 1;
      const end = Math.min(before, (await this.#limitOf(segments, at)) + 1);
      const isFull = await this.#readBack(segments[at]!, (record) => {
        if (record.seq >= end) return false;
        lowest = Math.min(lowest, record.seq);
        if (kind !== undefined && record.kind !== kind) return false;
        found.push(record);
        room -= record.entryText.length;
        return found.length >= limit || room <= 0;
      });
      if (isFull) return { records: found, nextBefore: below(found.at(-1)!.seq) };
    }
    return { records: found, nextBefore: null };
  }

  /** Index of the newest segment that may hold a record below `before`; -1 = none. Headers go up with the numbers of the segments. */
  async #lastBefore(segments: readonly SegmentRef[], before: number): Promise<number> {
    if (!Number.isFinite(before)) return segments.length - 1;
    let [low, high] = [0, segments.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const after = await this.#afterAround(segments, middle);
      if (after < before - 1) low = middle + 1;
      else high = middle - 1;
    }
    return high;
  }

  /** Records of a segment above this are void. Only a segment begun after a disk error has a header below the end of the one before it. */
  async #limitOf(segments: readonly SegmentRef[], index: number): Promise<number> {
    const next = segments[index + 1];
    if (next === undefined) return Number.POSITIVE_INFINITY;
    return (await this.#after(next)) ?? (await this.#limitOf(segments, index + 1));
  }

  async #afterAround(segments: readonly SegmentRef[], index: number): Promise<number> {
    for (let at = index; at >= 0; at -= 1) {
      const after = await this.#after(segments[at]!);
      if (after !== null) return after;
    }
    return 0;
  }

  async #after(segment: SegmentRef): Promise<number | null> {
    const known = this.#afters.get(segment.number);
    if (known !== undefined) return known;
    let after: number | null = null;
    try {
      for await (const lines of segmentLines(this.#disk, this.#folder, segment)) {
        after = headerIn(lines, segment.number)?.after ?? null;
        break;
      }
    } catch (error) {
      if (!isLostSegment(error)) throw error;
    }
    if (this.#afters.size >= MOST_HEADERS) this.#afters.clear();
    this.#afters.set(segment.number, after);
    return after;
  }

  /** The records of a segment from the last to the first, until `take` has enough. @returns whether it had */
  async #readBack(segment: SegmentRef, take: (record: LedgerRecord) => boolean): Promise<boolean> {
    try {
      return segment.packed ? await this.#readPacked(segment, take) : await this.#readPlain(segment, take);
    } catch (error) {
      if (!isLostSegment(error)) throw error;
      return false;
    }
  }

  async #readPlain(segment: SegmentRef, take: (record: LedgerRecord) => boolean): Promise<boolean> {
    let file: DiskFile;
    try {
      file = await this.#disk.open(path.join(this.#folder, segment.name), 'read');
    } catch (error) {
      // Packed since the folder was listed.
      if (!isMissing(error)) throw error;
      return this.#readPacked({ ...segment, name: `${segment.name}.gz`, packed: true }, take);
    }
    try {
      for await (const line of linesBack(file)) {
        const json = checkedJson(line);
        const record = json !== null && isRecord(json) ? decodeRecord(json) : null;
        if (record !== null && take(record)) return true;
      }
      return false;
    } finally {
      await file.close();
    }
  }

  /** A packed segment can only be read from its beginning; it is a few MB at most. */
  async #readPacked(segment: SegmentRef, take: (record: LedgerRecord) => boolean): Promise<boolean> {
    const held: string[] = [];
    for await (const lines of segmentLines(this.#disk, this.#folder, segment)) for (const { json } of lines) if (json !== null && isRecord(json)) held.push(json);
    for (const json of held.reverse()) {
      const record = decodeRecord(json);
      if (record !== null && take(record)) return true;
    }
    return false;
  }
}

const below = (seq: number): number | null => (Number.isFinite(seq) && seq > 1 ? seq : null);

const LF = 10;

/** Lines that are not empty, the last first. */
async function* linesBack(file: DiskFile): AsyncGenerator<string> {
  let end = (await file.stat()).size;
  /** What stands between the last line end found and what was given out. */
  let tail: Buffer[] = [];
  let tailBytes = 0;
  while (end > 0) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const chunk = Buffer.allocUnsafe(end - start);
    const read = await file.read(chunk, start);
    let to = read;
    for (let lineEnd = lastLf(chunk, to); lineEnd >= 0; lineEnd = lastLf(chunk, to)) {
      if (lineEnd + 1 < to || tailBytes > 0) yield Buffer.concat([chunk.subarray(lineEnd + 1, to), ...tail]).toString('utf8');
      tail = [];
      tailBytes = 0;
      to = lineEnd;
      // Room not used yet is line ends by the thousand.
      while (to > 0 && chunk[to - 1] === LF) to -= 1;
    }
    if (to > 0) {
      tailBytes += to;
      tail = tailBytes <= MOST_LINE_BYTES ? [chunk.subarray(0, to), ...tail] : [];
    }
    end = start;
  }
  if (tailBytes > 0) yield Buffer.concat(tail).toString('utf8');
}

/** Of the line end before `to`; -1 = there is none. */
const lastLf = (chunk: Buffer, to: number): number => (to <= 0 ? -1 : chunk.lastIndexOf(LF, to - 1));
