import path from 'node:path';
import { BLOCK, type Disk, type DiskFile } from '../disk/disk.ts';
import type { DurableFolders } from '../disk/durable-folders.ts';
import { unlinkIfThere } from '../disk/files.ts';
import { encodeHeader, segmentName, type SegmentHeader } from './segment.ts';

/** Told of everything handed to the disk. */
export interface DiskMeter {
  readonly onWrite?: (bytes: number) => void;
  readonly onSync?: () => void;
}

/** What a segment is called until its header is safe. One at a time is made, so the name can be fixed. */
export const NEXT_SEGMENT = '.next-segment.tmp';

const LINE_ENDS = Buffer.alloc(256 * 1024, 10);
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** True for an error that says the disk, the quota or the file is full. */
export function isFull(error: unknown): boolean {
  return NO_ROOM.has((error as NodeJS.ErrnoException | null)?.code ?? '');
}

/**
 * The segment being written. Not safe for calls that overlap: the journal makes them one after the other.
 * Its size is always a multiple of BLOCK, and what is not used yet is line ends.
 */
export class SegmentFile {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #handle: DiskFile;
  readonly #meter: DiskMeter;
  #header: SegmentHeader | null = null;
  #inode: number | null = null;
  #renameTried = false;
  #size = 0;
  #start = 0;
  #end = 0;
  #syncedEnd = 0;
  #dirty = false;

  private constructor(disk: Disk, folder: string, handle: DiskFile, meter: DiskMeter) {
    this.#disk = disk;
    this.#folder = folder;
    this.#handle = handle;
    this.#meter = meter;
  }

  /** A segment without header and without its name, with room for the first lines. @param room bytes; on a full disk it begins with less. @throws the disk's error */
  static async create(disk: Disk, folders: DurableFolders, folder: string, room: number, meter: DiskMeter): Promise<SegmentFile> {
    await folders.ensure(folder);
    const temporary = path.join(folder, NEXT_SEGMENT);
    await unlinkIfThere(disk, temporary);
    const segment = new SegmentFile(disk, folder, await disk.open(temporary, 'create'), meter);
    try {
      await segment.reserve(room);
    } catch (error) {
      if (!isFull(error)) {
        await segment.discard();
        throw error;
      }
    }
    return segment;
  }

  /** Null before `publish`. */
  get header(): SegmentHeader | null {
    return this.#header;
  }

  /** Null before `publish`. */
  get name(): string | null {
    return this.#header === null ? null : segmentName(this.#header.number);
  }

  /** Offset after the last byte written. */
  get end(): number {
    return this.#end;
  }

  /** Offset after the last block that is durable. */
  get durableEnd(): number {
    return this.#syncedEnd;
  }

  /** Bytes that can be written without the file growing. */
  get room(): number {
    return this.#size - this.#end;
  }

  /** True once a power cut may leave it under its name, header and all. */
  get mayBeNamed(): boolean {
    return this.#renameTried;
  }

  /** True while nothing in it but the header is durable. */
  get isEmpty(): boolean {
    return this.#syncedEnd === this.#start;
  }

  /** Writes the header and gives the segment its name; durable when it resolves. @throws the disk's error */
  async publish(header: SegmentHeader): Promise<void> {
    const final = path.join(this.#folder, segmentName(header.number));
    this.#header = header;
    await this.write(Buffer.from(encodeHeader(header)));
    await this.sync();
    this.#start = this.#end;
    this.#syncedEnd = this.#end;
    this.#renameTried = true;
    await this.#disk.rename(path.join(this.#folder, NEXT_SEGMENT), final);
    await this.#disk.syncFolder(this.#folder);
    this.#meter.onSync?.();
    this.#inode = (await this.#handle.stat()).ino;
  }

  /** Adds lines. @throws the disk's error; what the file then holds behind its last sync is unknown */
  async write(lines: Buffer): Promise<void> {
    const end = this.#end + lines.length;
    const bytes = end > this.#size ? Buffer.concat([lines, LINE_ENDS.subarray(0, nextBlock(end) - end)]) : lines;
    this.#dirty = true;
    await this.#handle.write(bytes, this.#end);
    this.#meter.onWrite?.(bytes.length);
    this.#size = Math.max(this.#size, this.#end + bytes.length);
    this.#end = end;
  }

  /**
   * Makes durable what was written. The next line begins a new block, so that a block torn by a cut never holds durable lines.
   * @throws the disk's error; the file must not be written again then: its pages may be gone though a later sync succeeds
   */
  async sync(): Promise<void> {
    if (!this.#dirty) return;
    await this.#handle.datasync();
    this.#meter.onSync?.();
    this.#dirty = false;
    this.#syncedEnd = this.#end = nextBlock(this.#end);
  }

  /** Makes room for `bytes` more. @throws the disk's error; when `isFull` it can be written on all the same */
  async reserve(bytes: number): Promise<void> {
    const target = nextBlock(this.#size + bytes);
    while (this.#size < target) {
      const part = LINE_ENDS.subarray(0, target - this.#size);
      await this.#handle.write(part, this.#size);
      this.#meter.onWrite?.(part.length);
      this.#size += part.length;
      this.#dirty = true;
    }
  }

  /** True when the file is not under its name any more. */
  async isGone(): Promise<boolean> {
    if (this.name === null || this.#inode === null) return false;
    try {
      return (await this.#disk.stat(path.join(this.#folder, this.name))).ino !== this.#inode;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' || code === 'ENOTDIR';
    }
  }

  /** Everything durable behind the header, also of a file that was deleted. @throws the disk's error */
  async content(): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(this.#syncedEnd - this.#start);
    return bytes.subarray(0, await this.#handle.read(bytes, this.#start));
  }

  /** Gives back the room not used and closes. Never rejects: readers do not care. */
  async seal(): Promise<void> {
    await this.#handle.truncate(this.#syncedEnd).catch(() => {});
    await this.close();
  }

  /** Never rejects. */
  async close(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }

  /** Closes and removes a segment that holds nothing durable. Never rejects: one that stays does no harm. */
  async discard(): Promise<void> {
    await this.close();
    // Once renamed, the temporary name may be that of the segment being made ready.
    const name = this.#renameTried ? this.name! : NEXT_SEGMENT;
    await unlinkIfThere(this.#disk, path.join(this.#folder, name)).catch(() => {});
  }
}

function nextBlock(offset: number): number {
  return Math.ceil(offset / BLOCK) * BLOCK;
}
