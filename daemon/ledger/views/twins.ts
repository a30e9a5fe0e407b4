import { createHash } from 'node:crypto';
import path from 'node:path';
import type { JsonObject } from '../../brainstem/contract.ts';
import { BLOCK, isMissing, type Disk, type DiskFile } from '../disk/disk.ts';
import { statOrNull, unlinkIfThere } from '../disk/files.ts';
import type { Frame } from './layout.ts';

/** One of the two inodes of a file, as far as it was finished. */
interface Twin {
  readonly headBytes: number;
  /** Its whole length. */
  readonly end: number;
  readonly items: number;
  /** It may have been written to since: only whole blocks before its last items are sure to be as they were. */
  readonly doubtful: boolean;
  /** When it was last written to; null = unknown. */
  readonly mtimeMs: number | null;
}

export interface TwinsOptions {
  readonly disk: Disk;
  /** Absolute path of the mode's base folder. */
  readonly base: string;
  /** Where the hidden inodes are. */
  readonly shadows: Shadows;
  readonly onWrite: (bytes: number) => void;
  readonly onSync: () => void;
}

/** Bytes copied at once from one twin to the other. */
const COPY_BYTES = 1 << 20;
/** File systems keep times to 2 s and better. */
const MTIME_SLACK_MS = 2_000;
/** What a file system without hard links says. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * The hidden names below `.ledger/shadow`, `<file>.<number>`. A number is given to one inode and never again, so that what
 * an earlier run noted about a number is true of the inode that has it, however old the note is.
 */
export class Shadows {
  readonly folder: string;
  #next = 0;

  /** @param folder absolute path of `.ledger/shadow`, on the file system of the tree */
  constructor(folder: string) {
    this.folder = folder;
  }

  nameOf(key: string, number: number): string {
    return path.join(this.folder, `${key}.${number}`);
  }

  take(): number {
    return this.#next++;
  }

  /** This number was given out before. */
  isTaken(number: number): void {
    this.#next = Math.max(this.#next, number + 1);
  }

  /** The names that are there, by file; what is none is removed. @throws the disk's error */
  async list(disk: Disk): Promise<Map<string, number[]>> {
    const found = new Map<string, number[]>();
    const names = await disk.readdir(this.folder).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    for (const name of names) {
      const [, key, number] = /^([0-9a-f]{24})\.(\d+)$/.exec(name) ?? [];
      if (key === undefined) {
        await unlinkIfThere(disk, path.join(this.folder, name));
        continue;
      }
      this.isTaken(Number(number));
      found.set(key, [...(found.get(key) ?? []), Number(number)]);
    }
    return found;
  }
}

/**
 * The two inodes behind one name of the tree. Readers only ever open the finished one; the next version is written to the
 * other, made durable, and given the name by a rename. What a reader has opened is left alone until the version after
 * that. Entries are written twice and nothing is ever rewritten, so the cost of an entry does not grow with the file.
 */
export class Twins {
  readonly #options: TwinsOptions;
  /** Relative to the base folder. */
  readonly #path: string;
  readonly #key: string;
  #public: Twin | null = null;
  #hidden: Twin | null = null;
  /** The hidden name that the public inode has as well; null when it has none. */
  #publicNumber: number | null = null;
  /** The hidden name of the other one. */
  #hiddenNumber: number | null = null;
  /** What `prepare` has ready for `swap`. */
  #ready: Twin | null = null;

  constructor(viewPath: string, options: TwinsOptions) {
    this.#options = options;
    this.#path = viewPath;
    this.#key = shadowKey(viewPath);
  }

  get #file(): string {
    return path.join(this.#options.base, this.#path);
  }

  #shadow(number: number): string {
    return this.#options.shadows.nameOf(this.#key, number);
  }

  /** Items in the file under the public name; 0 when there is none of ours. */
  get publicItems(): number {
    return this.#public?.items ?? 0;
  }

  /**
   * Writes and syncs the next version, under no public name yet.
   * @param added all lines the public version lacks, as they are to stand there @param items how many items the new version has
   * @throws the disk's error; the public version is untouched, and a later call starts from what is sure
   */
  async prepare(frame: Frame, added: readonly Buffer[], items: number): Promise<void> {
    const { onWrite, onSync } = this.#options;
    const headBytes = frame.head.length;
    const from = this.#public;
    const oldItems = from === null ? 0 : from.end - from.headBytes - frame.tail.length;
    const ending = Buffer.concat([...added, frame.tail]);
    const end = headBytes + oldItems + ending.length;
    const fits = this.#hidden?.headBytes === headBytes && from?.headBytes === headBytes;
    // Until it is ready nothing may be thought of it but what was sure before.
    this.#ready = null;
    if (this.#hidden !== null) this.#hidden = { ...this.#hidden, doubtful: true };
    const { handle, hidden } = await this.#openHidden(fits ? this.#hidden : null);
    let mtimeMs: number;
    try {
      const sure = hidden === null ? headBytes : hidden.end - frame.tail.length;
      const start = hidden?.doubtful === true ? Math.max(headBytes, Math.floor(sure / BLOCK) * BLOCK) : sure;
      if (from !== null && oldItems > start - headBytes) await this.#copy(handle, from, start, headBytes + oldItems, headBytes);
      await handle.write(ending, headBytes + oldItems);
      await handle.write(frame.head, 0);
      if (hidden?.doubtful === true) await handle.truncate(end);
      await handle.datasync();
      ({ mtimeMs } = await handle.stat());
    } finally {
      await handle.close();
    }
    onWrite(ending.length + headBytes);
    onSync();
    this.#ready = { headBytes, end, items, doubtful: false, mtimeMs };
  }

  /** The inode for the next version. @param hidden what is known of the one there is, null for a new one @throws the disk's error */
  async #openHidden(hidden: Twin | null): Promise<{ handle: DiskFile; hidden: Twin | null }> {
    const { disk, shadows } = this.#options;
    if (hidden !== null && this.#hiddenNumber !== null) {
      const handle = await disk.open(this.#shadow(this.#hiddenNumber), 'update').catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
      // With a second name a reader may have it open: a part that was closed, or a version that came back after a power cut.
      if (handle !== undefined) {
        if (await hasOneName(handle)) return { handle, hidden };
        await handle.close();
      }
    }
    this.#hidden = null;
    if (this.#hiddenNumber !== null) await unlinkIfThere(disk, this.#shadow(this.#hiddenNumber));
    this.#hiddenNumber = shadows.take();
    await disk.mkdir(shadows.folder);
    return { handle: await disk.open(this.#shadow(this.#hiddenNumber), 'create'), hidden: null };
  }

  /** Copies items of the public version. @param start where in the new file @param end likewise */
  async #copy(to: DiskFile, from: Twin, start: number, end: number, headBytes: number): Promise<void> {
    const { disk, onWrite } = this.#options;
    const source = await disk.open(this.#file, 'read');
    try {
      const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, end - start));
      for (let at = start; at < end; ) {
        const wanted = Math.min(buffer.length, end - at);
        const piece = buffer.subarray(0, wanted);
        const got = await source.read(piece, at - headBytes + from.headBytes);
        if (got < wanted) throw new Error(`${this.#path} is shorter than it was written`);
        await to.write(piece, at);
        onWrite(wanted);
        at += wanted;
      }
    } finally {
      await source.close();
    }
  }

  /** Gives what was prepared the public name. It survives a power cut once the folder is synced. @throws the disk's error */
  async swap(): Promise<void> {
    const ready = this.#ready;
    if (ready === null || this.#hiddenNumber === null) throw new Error(`nothing was prepared for ${this.#path}`);
    const isLinked = await this.#giveName(this.#shadow(this.#hiddenNumber), this.#file);
    this.#hidden = this.#publicNumber === null ? null : this.#public;
    this.#public = ready;
    [this.#publicNumber, this.#hiddenNumber] = [isLinked ? this.#hiddenNumber : null, this.#publicNumber];
    this.#ready = null;
  }

  /** Gives what was prepared a name of its own for ever, relative to the base folder, and starts anew. @throws the disk's error */
  async seal(name: string): Promise<void> {
    if (this.#ready === null || this.#hiddenNumber === null) throw new Error(`nothing was prepared for ${this.#path}`);
    const file = path.join(this.#options.base, name);
    await this.#giveName(this.#shadow(this.#hiddenNumber), file);
    await this.#options.disk.syncFolder(path.dirname(file));
    await this.release();
  }

  /** @returns false when the file system has no hard links: then the hidden name is gone, and the next version is a whole copy */
  async #giveName(shadow: string, file: string): Promise<boolean> {
    const { disk } = this.#options;
    const temporary = `${shadow}.name`;
    await unlinkIfThere(disk, temporary);
    try {
      await disk.link(shadow, temporary);
    } catch (error) {
      if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      await disk.rename(shadow, file);
      return false;
    }
    await disk.rename(temporary, file);
    // Two names of one inode: the rename does nothing and leaves the temporary one. That it goes is not what was asked for.
    await unlinkIfThere(disk, temporary).catch(() => {});
    return true;
  }

  /** Gives up both hidden names: what is public stays as it is, and the next version is a new file. */
  async release(): Promise<void> {
    const { disk } = this.#options;
    for (const number of [this.#publicNumber, this.#hiddenNumber]) if (number !== null) await unlinkIfThere(disk, this.#shadow(number));
    this.#public = null;
    this.#hidden = null;
    this.#publicNumber = null;
    this.#hiddenNumber = null;
    this.#ready = null;
  }

  /**
   * Looks whether the public name still is what was put there. A name that was removed or given to another file gets its
   * inode back, the other file being moved aside; `lost` means that our inode itself is not what it was.
   * @returns `kept` is where somebody else's file was moved to
   * @throws the disk's error
   */
  async check(aside: () => string): Promise<{ readonly state: 'intact' | 'restored' | 'lost'; readonly kept: string | null }> {
    const { disk, base } = this.#options;
    if (this.#public === null) return { state: 'intact', kept: null };
    const { end, mtimeMs } = this.#public;
    const isWritten = (stat: { readonly mtimeMs: number }): boolean => mtimeMs !== null && Math.abs(stat.mtimeMs - mtimeMs) > MTIME_SLACK_MS;
    const file = await statOrNull(disk, this.#file);
    const shadow = this.#publicNumber === null ? null : await statOrNull(disk, this.#shadow(this.#publicNumber));
    const isOurs = file !== null && (shadow === null || shadow.ino === file.ino);
    if (isOurs && file.size === end && !isWritten(file)) return { state: 'intact', kept: null };
    const kept = file === null ? null : aside();
    if (kept !== null) await disk.rename(this.#file, path.join(base, kept));
    if (isOurs || shadow === null || shadow.size !== end || isWritten(shadow) || this.#publicNumber === null) return { state: 'lost', kept };
    if (!(await this.#giveName(this.#shadow(this.#publicNumber), this.#file))) this.#publicNumber = null;
    await disk.syncFolder(path.dirname(this.#file));
    return { state: 'restored', kept };
  }

  /** For the journal's notes. */
  toJSON(): JsonObject {
    return { a: [this.#publicNumber, ...brief(this.#public)], b: [this.#hiddenNumber, ...brief(this.#hidden)] };
  }

  /**
   * Takes up an earlier run's file. The note may be some publications behind.
   * @param note as `toJSON` made it, null when there is none @param present the file as it must be
   * @param numbers hidden names of this file that are there; those of no use are removed
   * @returns false when the file is not as it must be
   * @throws the disk's error
   */
  async restore(note: JsonObject | null, present: { readonly headBytes: number; readonly end: number; readonly items: number }, numbers: readonly number[]): Promise<boolean> {
    const { disk } = this.#options;
    const file = await statOrNull(disk, this.#file);
    if (file === null || file.size !== present.end) return false;
    this.#public = { ...present, doubtful: false, mtimeMs: file.mtimeMs };
    [this.#hidden, this.#publicNumber, this.#hiddenNumber, this.#ready] = [null, null, null, null];
    for (const number of numbers) if ((await statOrNull(disk, this.#shadow(number)))?.ino === file.ino) this.#publicNumber ??= number;
    const { a, b } = (note ?? {}) as { a?: Brief; b?: Brief };
    const other = this.#publicNumber === null ? undefined : this.#publicNumber === a?.[0] ? b : this.#publicNumber === b?.[0] ? a : undefined;
    for (const number of numbers) {
      if (number === other?.[0] && other.length > 1) {
        const [, headBytes = 0, end = 0, items = 0] = other;
        this.#hiddenNumber = number;
        this.#hidden = { headBytes, end, items, doubtful: true, mtimeMs: null };
      } else if (number !== this.#publicNumber) await unlinkIfThere(disk, this.#shadow(number));
    }
    return true;
  }
}

/** With a second name it may be open somewhere. Closes the file when that cannot be told. */
async function hasOneName(handle: DiskFile): Promise<boolean> {
  try {
    return (await handle.stat()).nlink === 1;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** What a file's hidden names begin with. */
export function shadowKey(viewPath: string): string {
  return createHash('sha256').update(viewPath).digest('hex').slice(0, 24);
}

/** The numbers of hidden names that a note speaks of. @param note as `Twins.toJSON` made it */
export function numbersIn(note: JsonObject): number[] {
  const { a, b } = note as { a: Brief; b: Brief };
  return [a[0], b[0]].filter((number) => number !== null);
}

/** Number of the hidden name, and, when the inode is known, its head, length and items. */
type Brief = readonly [number: number | null, headBytes?: number, end?: number, items?: number];

function brief(twin: Twin | null): number[] {
  return twin === null ? [] : [twin.headBytes, twin.end, twin.items];
}
