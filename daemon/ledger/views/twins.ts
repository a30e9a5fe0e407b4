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
}

export interface TwinsOptions {
  readonly disk: Disk;
  /** Absolute path of the mode's base folder. */
  readonly base: string;
  /** Absolute path of `.ledger/shadow`, on the same file system. */
  readonly shadow: string;
  readonly onWrite: (bytes: number) => void;
  readonly onSync: () => void;
}

/** Bytes copied at once from one twin to the other. */
const COPY_BYTES = 1 << 20;

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
  /** Which of the two shadow names the public inode has; null when it has none. */
  #which: 0 | 1 | null = null;
  /** What `prepare` has ready for `swap`. */
  #ready: { readonly which: 0 | 1; readonly twin: Twin } | null = null;

  constructor(viewPath: string, options: TwinsOptions) {
    this.#options = options;
    this.#path = viewPath;
    this.#key = createHash('sha256').update(viewPath).digest('hex').slice(0, 24);
  }

  get #file(): string {
    return path.join(this.#options.base, this.#path);
  }

  #shadow(which: 0 | 1): string {
    return path.join(this.#options.shadow, `${this.#key}.${which}`);
  }

  /** Items in the file under the public name; 0 when there is none of ours. */
  get publicItems(): number {
    return this.#public?.items ?? 0;
  }

  /**
   * Writes and syncs the next version, under no public name yet.
   * @param added text of all items the public version lacks, separators included @param items how many items the new version has
   * @throws the disk's error; the public version is untouched, and a later call starts from what is sure
   */
  async prepare(frame: Frame, added: Buffer, items: number): Promise<void> {
    const { disk, shadow, onWrite, onSync } = this.#options;
    const which: 0 | 1 = this.#which === 0 ? 1 : 0;
    const headBytes = frame.head.length;
    const from = this.#public;
    const hidden = this.#hidden?.headBytes === headBytes && from?.headBytes === headBytes ? this.#hidden : null;
    const oldItems = from === null ? 0 : from.end - from.headBytes - frame.tail.length;
    const end = headBytes + oldItems + added.length + frame.tail.length;
    // Until it is ready nothing may be thought of it but what was sure before.
    this.#ready = null;
    if (this.#hidden !== null) this.#hidden = { ...this.#hidden, doubtful: true };
    if (hidden === null) {
      this.#hidden = null;
      await unlinkIfThere(disk, this.#shadow(which));
      await disk.mkdir(shadow);
    }
    const handle = await disk.open(this.#shadow(which), hidden === null ? 'create' : 'update').catch((error: unknown) => {
      if (isMissing(error)) this.#hidden = null;
      throw error;
    });
    try {
      const sure = hidden === null ? headBytes : hidden.end - frame.tail.length;
      const start = hidden?.doubtful === true ? Math.max(headBytes, Math.floor(sure / BLOCK) * BLOCK) : sure;
      if (from !== null && oldItems > start - headBytes) await this.#copy(handle, from, start, headBytes + oldItems, headBytes);
      await handle.write(Buffer.concat([added, frame.tail]), headBytes + oldItems);
      await handle.write(frame.head, 0);
      if (hidden?.doubtful === true) await handle.truncate(end);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    onWrite(added.length + frame.tail.length + headBytes);
    onSync();
    this.#ready = { which, twin: { headBytes, end, items, doubtful: false } };
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
    if (ready === null) throw new Error(`nothing was prepared for ${this.#path}`);
    await this.#giveName(this.#shadow(ready.which), this.#file);
    this.#hidden = this.#which === null ? null : this.#public;
    this.#public = ready.twin;
    this.#which = ready.which;
    this.#ready = null;
  }

  /** Gives what was prepared a name of its own for ever, relative to the base folder, and starts anew. @throws the disk's error */
  async seal(name: string): Promise<void> {
    if (this.#ready === null) throw new Error(`nothing was prepared for ${this.#path}`);
    const file = path.join(this.#options.base, name);
    await this.#giveName(this.#shadow(this.#ready.which), file);
    await this.#options.disk.syncFolder(path.dirname(file));
    await this.release();
  }

  async #giveName(shadow: string, file: string): Promise<void> {
    const { disk } = this.#options;
    const temporary = `${shadow}.name`;
    await unlinkIfThere(disk, temporary);
    await disk.link(shadow, temporary);
    await disk.rename(temporary, file);
    // Two names of one inode: the rename does nothing and leaves the temporary one.
    await unlinkIfThere(disk, temporary);
  }

  /** Gives up both hidden names: what is public stays as it is, and the next version is a new file. */
  async release(): Promise<void> {
    const { disk } = this.#options;
    for (const which of [0, 1] as const) await unlinkIfThere(disk, this.#shadow(which));
    this.#public = null;
    this.#hidden = null;
    this.#which = null;
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
    const { end } = this.#public;
    const file = await statOrNull(disk, this.#file);
    const shadow = this.#which === null ? null : await statOrNull(disk, this.#shadow(this.#which));
    const isOurs = file !== null && (shadow === null || shadow.ino === file.ino);
    if (isOurs && file.size === end) return { state: 'intact', kept: null };
    const kept = file === null ? null : aside();
    if (kept !== null) await disk.rename(this.#file, path.join(base, kept));
    if (isOurs || shadow === null || shadow.size !== end || this.#which === null) return { state: 'lost', kept };
    await this.#giveName(this.#shadow(this.#which), this.#file);
    await disk.syncFolder(path.dirname(this.#file));
    return { state: 'restored', kept };
  }

  /** For the journal's notes. */
  toJSON(): JsonObject {
    return { w: this.#which, a: brief(this.#public), b: brief(this.#hidden) };
  }

  /**
   * Takes up an earlier run's file. The note may be one publication behind: then the inode it calls hidden is the public one.
   * @param note as `toJSON` made it, null when there is none @param present the file as it must be @returns false when it is not
   * @throws the disk's error
   */
  async restore(note: JsonObject | null, present: { readonly headBytes: number; readonly end: number; readonly items: number }): Promise<boolean> {
    const { disk } = this.#options;
    const { w, a, b } = (note ?? { w: null, a: null, b: null }) as { w: 0 | 1 | null; a: Brief | null; b: Brief | null };
    const file = await statOrNull(disk, this.#file);
    if (file === null || file.size !== present.end) return false;
    const inodes = await Promise.all(([0, 1] as const).map(async (which) => (await statOrNull(disk, this.#shadow(which)))?.ino ?? null));
    const which = inodes[0] === file.ino ? 0 : inodes[1] === file.ino ? 1 : null;
    this.#which = which;
    this.#public = { ...present, doubtful: false };
    const other = which === null ? null : which === w ? b : a;
    this.#hidden = other === null || which === null || inodes[1 - which] === null ? null : { headBytes: other[0], end: other[1], items: other[2], doubtful: true };
    return true;
  }
}

type Brief = [headBytes: number, end: number, items: number];

function brief(twin: Twin | null): Brief | null {
  return twin === null ? null : [twin.headBytes, twin.end, twin.items];
}
