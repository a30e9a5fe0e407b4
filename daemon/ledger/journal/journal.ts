import path from 'node:path';
import type { JsonObject } from '../../brainstem/contract.ts';
import { DurableFolders } from '../disk/durable-folders.ts';
import { unlinkIfThere } from '../disk/files.ts';
import type { Journal, JournalOptions, Recovered, SyncResult } from './contract.ts';
import { Queue } from './queue.ts';
import { encodeLine, type NewRecord } from './record.ts';
import { recover, settleNewest, trimSegment, type Recovery } from './recover.ts';
import { isFull, SegmentFile } from './segment-file.ts';
import { CLOSED_LINE, segmentsIn, type Gap, type SegmentHeader } from './segment.ts';

const SEGMENT_BYTES = 4 * 1024 * 1024;
const PREALLOCATE_BYTES = 1024 * 1024;
/** On a full disk, how much is written before room is asked for again. */
const FULL_RETRY_BYTES = 64 * 1024;
/** How often it is looked whether the file is still there. */
const GONE_CHECK_MS = 1000;

/**
 * Reads what the last run left and begins a new segment; an old one is never written again. When no segment can be begun
 * (full or read-only disk) the journal opens all the same: every `sync` tries again, and hands back what it could not write.
 * @throws the disk's error when what is there cannot be read, because then the next number is not known
 */
export async function openJournal(options: JournalOptions): Promise<{ journal: Journal; recovered: Recovered }> {
  const { disk, folder } = options;
  const recovery = await recover(disk, folder);
  const { recovered, newest } = recovery;
  if (newest !== null && recovered.unclean) await settleNewest(disk, folder, newest.ref);
  const journal = new DiskJournal(options, recovery);
  const begun = await journal.beginFirst(recovered.views);
  if (begun && newest !== null && !newest.ref.packed) {
    // The new header says it all. A journal opened and closed again leaves no row of empty segments.
    if (newest.isSpent) await unlinkIfThere(disk, path.join(folder, newest.ref.name)).catch(() => {});
    else if (newest.usedBytes !== null) await trimSegment(disk, folder, newest.ref.name, newest.usedBytes);
  }
  return { journal, recovered };
}

class DiskJournal implements Journal {
  readonly #options: JournalOptions;
  readonly #segmentBytes: number;
  readonly #step: number;
  readonly #folders: DurableFolders;
  readonly #queue: Queue;
  /** Null while none could be begun. */
  #segment: SegmentFile | null = null;
  /** The next one, made ready while there is still room in this one; resolves with null when that failed. */
  #next: Promise<SegmentFile | null> | null = null;
  /** The first one, or the last one a sync succeeded on: somebody relies on what its header says, so it stays even when it is empty. */
  #settled: SegmentFile | null = null;
  /** Not to be written any more, though nothing is wrong with it. */
  #retired: SegmentFile | null = null;
  /** A segment that was deleted under us, open still: what is in it is to be copied. */
  #orphan: SegmentFile | null = null;
  /** Failed segments that hold durable records, to be cut behind them. */
  #failed: { readonly name: string; readonly bytes: number }[] = [];
  #gaps: Gap[];
  #lastNumber: number;
  /** True when a header may be on the disk that makes further records of the current segment void. */
  #superseded = false;
  #rotateAt: number;
  #reserveAt = 0;
  #goneCheckAt = 0;
  #closed = false;
  /** One thing at a time is done to the disk. */
  #turn: Promise<unknown> = Promise.resolve();
  #nextWrite: Promise<void> | null = null;

  constructor(options: JournalOptions, recovery: Recovery) {
    this.#options = options;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#step = Math.min(options.preallocateBytes ?? PREALLOCATE_BYTES, this.#segmentBytes);
    this.#rotateAt = this.#segmentBytes;
    // The base folder, which is whoever's who made it.
    this.#folders = new DurableFolders(options.disk, path.dirname(path.dirname(options.folder)));
    const { lastSeq, lastAt } = recovery.recovered;
    this.#queue = new Queue({ seq: lastSeq, chain: recovery.chain, at: lastAt });
    this.#gaps = [...recovery.gaps];
    this.#lastNumber = recovery.lastNumber;
  }

  get synced(): number {
    return this.#queue.synced.seq;
  }

  get pending(): number {
    return this.#queue.records;
  }

  get chain(): string {
    return this.#queue.synced.chain;
  }

  append(record: NewRecord): void {
    this.#queue.append(record);
  }

  note(line: JsonObject): void {
    this.#queue.note(JSON.stringify(line));
  }

  /** @param views states for the header: those found, the caller has none yet. @returns false when it failed */
  beginFirst(views: readonly JsonObject[]): Promise<boolean> {
    return this.#inTurn(async () => {
      try {
        this.#segment = await this.#begin(views);
        this.#settled = this.#segment;
        return true;
      } catch (error) {
        this.#tell(error);
        return false;
      }
    });
  }

  write(): Promise<void> {
    this.#nextWrite ??= this.#inTurn(async () => {
      this.#nextWrite = null;
      if (this.#segment === null) return;
      try {
        await this.#writeTo(await this.#current());
      } catch (error) {
        await this.#drop(error);
        // Into a new one at once, so that the death of the process does not take what the disk refused. Failing that, `sync` sees to it.
        try {
          await this.#writeTo(await this.#current());
        } catch (again) {
          await this.#drop(again);
        }
      }
    });
    return this.#nextWrite;
  }

  sync(): Promise<SyncResult> {
    return new Promise((resolve) => {
      void this.#inTurn(async () => {
        resolve(await this.#commit());
        await this.#lookAhead();
      });
    });
  }

  skipTo(seq: number): void {
    const { synced, records } = this.#queue;
    if (seq <= synced.seq || records > 0) return;
    this.#gaps.push([synced.seq + 1, seq]);
    this.#queue.skipTo(seq);
    this.#retired = this.#segment;
  }

  close(): Promise<SyncResult> {
    return this.#inTurn(async () => {
      const result = await this.#commit();
      this.#closed = true;
      const next = await this.#next;
      await next?.discard();
      await this.#orphan?.close();
      const segment = this.#segment;
      this.#segment = null;
      if (segment === null) return result;
      try {
        await segment.write(Buffer.from(encodeLine(CLOSED_LINE)));
        await segment.sync();
      } catch (error) {
        this.#tell(error);
      }
      await segment.seal();
      return result;
    });
  }

  /** First in the segment at hand, then in a new one: a file that failed once is never trusted again. */
  async #commit(): Promise<SyncResult> {
    let error = new Error('the journal is closed');
    const tries = this.#closed ? 0 : this.#segment === null ? 1 : 2;
    for (let i = 0; i < tries; i++) {
      try {
        const segment = await this.#current();
        if (await this.#isGone(segment)) {
          this.#orphan ??= segment;
          throw new Error(`${segment.name} was removed`);
        }
        await this.#writeTo(segment);
        await segment.sync();
        return { durable: this.#settle(segment), failed: [], error: null };
      } catch (caught) {
        error = await this.#drop(caught);
      }
    }
    // They are kept elsewhere from now on. Lines that the kernel still shows, and may never have written, would be taken for true after a kill.
    // Once it is closed the next one may have taken them for true already.
    if (!this.#closed) await this.#trimFailed();
    return { durable: [], failed: this.#queue.giveUp(), error };
  }

  /** The segment to write to. @throws the disk's error when a new one is needed and cannot be begun */
  async #current(): Promise<SegmentFile> {
    if (this.#retired !== null && this.#retired === this.#segment) {
      this.#segment = null;
      await this.#retired.seal();
    }
    this.#retired = null;
    this.#segment ??= await this.#begin();
    return this.#segment;
  }

  async #writeTo(segment: SegmentFile): Promise<void> {
    const lines = this.#queue.unwritten();
    if (lines === null) return;
    await segment.write(lines.bytes);
    this.#queue.written(lines.upTo);
  }

  #settle(segment: SegmentFile): ReturnType<Queue['settle']> {
    this.#settled = segment;
    if (!segment.isEmpty) {
      this.#gaps = this.#gaps.filter((gap) => !segment.header?.gaps.includes(gap));
      void this.#orphan?.close();
      this.#orphan = null;
    }
    return this.#queue.settle();
  }

  /** Whatever is better done before it is needed. */
  async #lookAhead(): Promise<void> {
    const segment = this.#segment;
    if (segment === null || segment.isEmpty) return;
    await this.#trimFailed();
    this.#failed = [];
    if (segment.end >= this.#rotateAt) return this.#rotate(segment);
    if (segment.end >= this.#segmentBytes - this.#step) this.#next ??= this.#makeNext();
    const grown = segment.end + segment.room;
    if (segment.room >= this.#step / 2 || grown >= this.#segmentBytes || segment.end < this.#reserveAt) return;
    try {
      await segment.reserve(Math.min(this.#step, this.#segmentBytes - grown));
    } catch (error) {
      if (isFull(error)) this.#reserveAt = segment.end + FULL_RETRY_BYTES;
      else await this.#drop(error);
    }
  }

  async #trimFailed(): Promise<void> {
    for (const { name, bytes } of this.#failed) await trimSegment(this.#options.disk, this.#options.folder, name, bytes);
  }

  /** Only called while everything in the old segment is durable. */
  async #rotate(old: SegmentFile): Promise<void> {
    try {
      this.#segment = await this.#begin();
    } catch (error) {
      if (this.#superseded) await this.#drop(error);
      else this.#tell(error);
      this.#rotateAt = old.end + this.#step;
      return;
    }
    await old.seal();
  }

  async #makeNext(): Promise<SegmentFile | null> {
    const { disk, folder } = this.#options;
    try {
      const segment = await SegmentFile.create(disk, this.#folders, folder, this.#step, this.#options);
      try {
        await segment.sync();
      } catch (error) {
        await segment.discard();
        throw error;
      }
      return segment;
    } catch (error) {
      this.#tell(error);
      return null;
    }
  }

  /** @throws the disk's error, after one try with the segment made ready and one with a fresh one */
  async #begin(views = this.#options.views()): Promise<SegmentFile> {
    const { disk, folder } = this.#options;
    const next = await this.#next;
    this.#next = null;
    if (next !== null) {
      try {
        return await this.#publish(next, views);
      } catch (error) {
        this.#tell(error);
      }
    }
    return this.#publish(await SegmentFile.create(disk, this.#folders, folder, this.#step, this.#options), views);
  }

  async #publish(segment: SegmentFile, views: readonly JsonObject[]): Promise<SegmentFile> {
    try {
      const rescued = await this.#rescue();
      const { seq, chain, at: lastAt } = this.#queue.synced;
      const start = rescued === null ? { after: seq, chain, lastAt } : { after: rescued.header.after, chain: rescued.header.chain, lastAt: rescued.header.lastAt };
      await segment.publish({ ...start, number: this.#lastNumber + 1, at: this.#options.now(), gaps: [...this.#gaps], views });
      if (rescued !== null) await segment.write(rescued.content);
    } catch (error) {
      if (segment.mayBeNamed) {
        // Its name is used up, whatever became of it.
        this.#lastNumber += 1;
        this.#superseded = true;
      }
      await segment.discard();
      throw error;
    }
    this.#lastNumber += 1;
    this.#superseded = false;
    this.#rotateAt = this.#segmentBytes;
    this.#reserveAt = 0;
    return segment;
  }

  /** What was in a segment that was deleted. Null when none was, or when it cannot be read any more. */
  async #rescue(): Promise<{ header: SegmentHeader; content: Buffer } | null> {
    const { disk, folder } = this.#options;
    const orphan = this.#orphan;
    if (orphan === null || orphan.header === null) return null;
    // Whoever removed the file may have put others there.
    for (const { number } of await segmentsIn(disk, folder)) this.#lastNumber = Math.max(this.#lastNumber, number);
    try {
      return { header: orphan.header, content: await orphan.content() };
    } catch (error) {
      this.#tell(error);
      const { after } = orphan.header;
      if (this.synced > after) this.#gaps.push([after + 1, this.synced]);
      await orphan.close();
      this.#orphan = null;
      return null;
    }
  }

  async #isGone(segment: SegmentFile): Promise<boolean> {
    const now = this.#options.now();
    // The clock may have been set back.
    if (Math.abs(now - this.#goneCheckAt) < GONE_CHECK_MS) return false;
    this.#goneCheckAt = now;
    return segment.isGone();
  }

  /** Gives up the current segment after an error; what is not durable is to be written again. */
  async #drop(error: unknown): Promise<Error> {
    const segment = this.#segment;
    this.#segment = null;
    this.#queue.rewind();
    if (segment !== null && segment !== this.#orphan) {
      if (segment.isEmpty && segment !== this.#settled) {
        await segment.discard();
      } else {
        this.#failed.push({ name: segment.name!, bytes: segment.durableEnd });
        await segment.close();
      }
    }
    return this.#tell(error);
  }

  #tell(error: unknown): Error {
    const told = error instanceof Error ? error : new Error(String(error));
    this.#options.onTrouble?.(told);
    return told;
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#turn.then(task);
    this.#turn = run.catch(() => {});
    return run;
  }
}
