import path from 'node:path';
import type { Disk } from '../disk/disk.ts';
import { statOrNull } from '../disk/files.ts';
import { segmentLines, type Line } from '../journal/lines.ts';
import { decodeRecord, isRecord, type LedgerRecord } from '../journal/record.ts';
import { decodeHeader, segmentsIn, type SegmentRef } from '../journal/segment.ts';

/** A file whose clock says it was written this shortly before it was read may have been written again within the same tick. */
const SETTLE_MS = 1000;
/** Ids kept to know a record again that an error of the disk made the daemon write twice. */
const MAX_RECENT = 4096;

/**
 * Reads a journal that is being written, on and on, across new segments and new runs of the daemon. A record is told once,
 * as soon as the daemon has handed it to the system.
 */
export class JournalFollower {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #now: () => number;
  /** Where the next line begins. */
  #place = { number: 0, offset: 0 };
  #lastSeq = 0;
  #readAt = -Infinity;
  readonly #recent = new Set<string>();

  /** @param now ms since the epoch, by the clock that the file system goes by */
  constructor(disk: Disk, folder: string, now: () => number) {
    this.#disk = disk;
    this.#folder = folder;
    this.#now = now;
  }

  /** Number of the last record passed. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Passes over everything that is there now. @throws the disk's error */
  async skipToEnd(): Promise<void> {
    const newest = (await segmentsIn(this.#disk, this.#folder)).at(-1);
    if (newest === undefined) return;
    this.#place = { number: newest.number, offset: 0 };
    await this.poll();
  }

  /** What came since the last call. @throws the disk's error */
  async poll(): Promise<LedgerRecord[]> {
    const refs = await segmentsIn(this.#disk, this.#folder);
    const newest = refs.at(-1);
    if (newest === undefined) return [];
    if (newest.number < this.#place.number) this.#startAnew();
    if (newest.number === this.#place.number && (await this.#isQuiet(newest))) return [];
    const records: LedgerRecord[] = [];
    for (const ref of refs) {
      if (ref.number < this.#place.number) continue;
      if (ref.number > this.#place.number) this.#place = { number: ref.number, offset: 0 };
      await this.#read(ref, records);
    }
    return records;
  }

  /** The folder was emptied and begun again. */
  #startAnew(): void {
    this.#place = { number: 0, offset: 0 };
    this.#lastSeq = 0;
    this.#recent.clear();
  }

  async #isQuiet(newest: SegmentRef): Promise<boolean> {
    const stat = await statOrNull(this.#disk, path.join(this.#folder, newest.name));
    return stat !== null && stat.mtimeMs < this.#readAt - SETTLE_MS;
  }

  async #read(ref: SegmentRef, into: LedgerRecord[]): Promise<void> {
    this.#readAt = this.#now();
    for await (const lines of segmentLines(this.#disk, this.#folder, ref, this.#place.offset)) {
      for (const line of lines) {
        // Torn: being written, and looked at again next time, or lost.
        if (line.json === null) continue;
        this.#take(line, line.json, into);
        this.#place.offset = line.end;
      }
    }
  }

  #take({ offset }: Line, json: string, into: LedgerRecord[]): void {
    if (offset === 0) {
      const header = decodeHeader(json, this.#place.number);
      // What an earlier segment holds above this number is void, and the numbers are given out again.
      if (header !== null && (this.#lastSeq === 0 || header.after < this.#lastSeq)) this.#lastSeq = header.after;
      return;
    }
    const record = isRecord(json) ? decodeRecord(json) : null;
    if (record === null || record.seq <= this.#lastSeq) return;
    this.#lastSeq = record.seq;
    if (this.#recent.has(record.id)) return;
    this.#remember(record.id);
    into.push(record);
  }

  #remember(id: string): void {
    this.#recent.add(id);
    if (this.#recent.size <= MAX_RECENT) return;
    for (const oldest of this.#recent) {
      this.#recent.delete(oldest);
      break;
    }
  }
}
