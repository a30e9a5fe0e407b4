import path from 'node:path';
import { messageOf } from '../../../protocol/common/errors.ts';
import { BLOCK, isMissing, type Disk, type DiskFile } from '../disk/disk.ts';
import type { DurableFolders } from '../disk/durable-folders.ts';
import { readWhole, unlinkIfThere, withFile, writeWhole } from '../disk/files.ts';
import { lineText, type KeptEntry } from './kept-entry.ts';
import { jsonLines } from './json-lines.ts';
import type { KeptDamage, KeptRef, KeptStore } from './layer.ts';
import { mergeByOrder, sortByOrder } from './merge.ts';

export const EMERGENCY_LOGS = 'Emergency_Logs';
const SUFFIX = '_emergency.log';
/** Ends the name of a log that `defensiveWriteJson` keeps whole documents in: not records. */
export const DOCUMENTS = '_documents';

/** Smaller logs are rewritten at every `forget`; bigger ones when half of them is forgotten, so that emptying one costs about its size. */
const ALWAYS_REWRITE_BYTES = 1024 * 1024;
const LF = Buffer.from('\n');

export interface EmergencyLogOptions {
  readonly disk: Disk;
  /** Absolute path of the folder that holds `Emergency_Logs`. */
  readonly root: string;
  readonly folders: DurableFolders;
  /** Folder name of a component. */
  readonly component: string;
  /** A log that would grow beyond this becomes `.log.1`; the `.log.1` before it is dropped. */
  readonly maxBytes: number;
  /** Reads a line. @throws Error with what is wrong */
  readonly decode: (value: unknown, component: string) => KeptEntry;
  readonly onDamage: (damage: KeptDamage) => void;
  /** Records that were dropped with the oldest log. */
  readonly onDropped: (records: number, file: string) => void;
}

interface LineRef extends KeptRef {
  readonly id: string;
  log: LogFile;
  start: number;
  readonly bytes: number;
  /** `done`: in the journal. `damaged`: a whole line that is no record; kept for a person to look at. */
  state: 'kept' | 'done' | 'damaged';
}

interface Waiting {
  readonly index: number;
  readonly entry: KeptEntry;
  readonly bytes: Buffer;
}

/** `.log` and `.log.1`. */
interface LogFile {
  readonly file: string;
  /** In order of arrival, which is not that of the file where a line came from the ring. */
  lines: LineRef[];
  loaded: boolean;
}

/** Layer 2: one line of JSON an entry, as little as can be asked of a disk. Two files, the older one as `.log.1`. */
export class EmergencyLog implements KeptStore {
  readonly #options: EmergencyLogOptions;
  readonly #folder: string;
  readonly #old: LogFile;
  readonly #now: LogFile;
  /** The log's own name is durable. */
  #named = false;

  constructor(options: EmergencyLogOptions) {
    this.#options = options;
    this.#folder = path.join(options.root, EMERGENCY_LOGS);
    const file = path.join(this.#folder, options.component + SUFFIX);
    this.#now = { file, lines: [], loaded: false };
    this.#old = { file: `${file}.1`, lines: [], loaded: false };
  }

  /** Path below the root, with `/`. */
  get name(): string {
    return this.#nameOf(this.#now);
  }

  get count(): number {
    return [...this.refs()].length;
  }

  *refs(): Iterable<KeptRef> {
    for (const line of mergeByOrder([this.#old.lines, this.#now.lines])) if (line.state === 'kept') yield line;
  }

  /**
   * Appends entries that are to be on disk when this resolves. Each call begins on a block of its own: a cut in the middle
   * of it may ruin the block that is being written, and no line in it was said to be kept.
   * @returns for each entry null, or why it is not kept. Never rejects
   */
  async append(entries: readonly KeptEntry[]): Promise<(Error | null)[]> {
    const results: (Error | null)[] = entries.map(() => null);
    const waiting: Waiting[] = [];
    for (const [index, entry] of entries.entries()) {
      try {
        waiting.push({ index, entry, bytes: this.#render(entry) });
      } catch (error) {
        results[index] = error as Error;
      }
    }
    let taken = 0;
    try {
      // Without it nobody could say how much goes with the oldest log; a log that cannot be read can still take lines.
      await this.load().catch(() => {});
      await this.#options.folders.ensure(this.#folder);
      while (taken < waiting.length) taken += await this.#appendSome(waiting.slice(taken));
    } catch (error) {
      for (const { index } of waiting.slice(taken)) results[index] = error as Error;
    }
    return results;
  }

  #render(entry: KeptEntry): Buffer {
    const line = Buffer.from(lineText(entry));
    if (line.length >= this.#options.maxBytes) throw new Error(`an entry of ${line.length} bytes does not fit into the emergency log`);
    return line;
  }

  /** Writes what fits into the log; makes room when nothing does. @returns how many were written @throws the disk's error */
  async #appendSome(waiting: readonly Waiting[]): Promise<number> {
    const { handle, fresh } = await this.#open();
    let fits: readonly Waiting[];
    try {
      const { size } = await handle.stat();
      const position = Math.ceil(size / BLOCK) * BLOCK;
      fits = this.#fitting(waiting, position + LF.length);
      if (fits.length > 0) {
        await this.#write(handle, Buffer.concat([LF, ...fits.map(({ bytes }) => bytes)]), position, fresh);
        let start = position + LF.length;
        for (const { entry, bytes } of fits) {
          this.#now.lines.push(this.#line(this.#now, entry, start, bytes.length));
          start += bytes.length;
        }
        sortByOrder(this.#now.lines);
      }
    } finally {
      // What was to be durable is; a handle that does not close cleanly changes nothing about it.
      await handle.close().catch(() => {});
    }
    if (fits.length === 0) await this.#rotate();
    return fits.length;
  }

  #fitting(waiting: readonly Waiting[], start: number): readonly Waiting[] {
    let end = start;
    const tooMany = waiting.findIndex(({ bytes }) => (end += bytes.length) > this.#options.maxBytes);
    return tooMany < 0 ? waiting : waiting.slice(0, tooMany);
  }

  async #open(): Promise<{ handle: DiskFile; fresh: boolean }> {
    const { disk } = this.#options;
    try {
      return { handle: await disk.open(this.#now.file, 'update'), fresh: false };
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    this.#named = false;
    return { handle: await disk.open(this.#now.file, 'create'), fresh: true };
  }

  async #write(handle: DiskFile, bytes: Buffer, position: number, fresh: boolean): Promise<void> {
    try {
      await handle.write(bytes, position);
      await handle.datasync();
      if (fresh || !this.#named) await this.#options.disk.syncFolder(this.#folder);
      this.#named = true;
    } catch (error) {
      // Lines that are not said to be kept are taken back; where that fails too, their ids tell. Only to the block's edge:
      // a block that holds good lines is not touched.
      await handle.truncate(position).catch(() => {});
      throw error;
    }
  }

  async #rotate(): Promise<void> {
    const { disk } = this.#options;
    const dropped = this.#old.lines.filter(({ state }) => state === 'kept').length;
    await disk.rename(this.#now.file, this.#old.file);
    this.#named = false;
    this.#old.lines = this.#now.lines;
    for (const line of this.#old.lines) line.log = this.#old;
    this.#old.loaded = this.#now.loaded;
    this.#now.lines = [];
    this.#now.loaded = true;
    if (dropped > 0) this.#options.onDropped(dropped, path.posix.join(EMERGENCY_LOGS, path.basename(this.#old.file)));
    await disk.syncFolder(this.#folder);
  }

  async load(): Promise<void> {
    await this.#load(this.#old);
    await this.#load(this.#now);
  }

  async #load(log: LogFile): Promise<void> {
    if (log.loaded) return;
    const { disk, onDamage } = this.#options;
    const bytes = await readWhole(disk, log.file).catch((error: unknown) => {
      if (isMissing(error)) return Buffer.alloc(0);
      throw error;
    });
    const done = new Set(log.lines.filter(({ state }) => state === 'done').map(({ id }) => id));
    log.loaded = true;
    log.lines = [];
    for (const { start, end, value } of jsonLines(bytes)) {
      const kept = this.#decoded(value);
      if (!(kept instanceof Error)) {
        const line = this.#line(log, kept, start, end - start);
        if (done.has(line.id)) line.state = 'done';
        log.lines.push(line);
        continue;
      }
      onDamage({ file: this.#nameOf(log), offset: start, reason: kept.message });
      // What a crash cut off at the end was never said to be kept.
      if (end < bytes.length) log.lines.push({ id: '', order: 0, layer: 2, log, start, bytes: end - start, state: 'damaged', read: () => Promise.reject(kept) });
    }
    sortByOrder(log.lines);
  }

  #decoded(value: unknown): KeptEntry | Error {
    if (value instanceof Error) return value;
    try {
      return this.#options.decode(value, this.#options.component);
    } catch (error) {
      return error as Error;
    }
  }

  #line(log: LogFile, kept: KeptEntry, start: number, bytes: number): LineRef {
    const line: LineRef = { id: kept.record.id, order: kept.order, layer: 2, log, start, bytes, state: 'kept', read: () => this.#read(line) };
    return line;
  }

  async #read(line: LineRef): Promise<KeptEntry> {
    const { component, decode, disk, onDamage } = this.#options;
    const bytes = Buffer.alloc(line.bytes);
    await withFile(disk, line.log.file, 'read', (handle) => handle.read(bytes, line.start));
    try {
      return decode(JSON.parse(bytes.toString('utf8')), component);
    } catch (error) {
      line.state = 'damaged';
      onDamage({ file: this.#nameOf(line.log), offset: line.start, reason: messageOf(error) });
      throw error;
    }
  }

  async forget(ids: ReadonlySet<string>): Promise<void> {
    for (const log of [this.#old, this.#now]) {
      for (const line of log.lines) if (line.state === 'kept' && ids.has(line.id)) line.state = 'done';
      if (log.loaded && log.lines.some(({ state }) => state === 'done')) await this.#shrink(log).catch(() => {});
    }
  }

  /** Removes what is done. A damaged line stays for a person; a log of nothing else gets a name that nobody reads. */
  async #shrink(log: LogFile): Promise<void> {
    const { disk } = this.#options;
    const stays = log.lines.filter(({ state }) => state !== 'done');
    const staysBytes = stays.reduce((sum, { bytes }) => sum + bytes, 0);
    const allBytes = log.lines.reduce((sum, { bytes }) => sum + bytes, 0);
    if (stays.length > 0 && allBytes > ALWAYS_REWRITE_BYTES && staysBytes * 2 > allBytes) return;
    // The name may stand for another file from here on, whether or not what follows is told to succeed.
    if (log === this.#now) this.#named = false;
    if (stays.length === 0) await unlinkIfThere(disk, log.file);
    else await this.#rewrite(log, stays);
    if (stays.length > 0 && stays.every(({ state }) => state === 'damaged')) await this.#setAside(log);
    log.lines = log.lines.filter(({ state }) => state !== 'done');
  }

  async #rewrite(log: LogFile, stays: readonly LineRef[]): Promise<void> {
    const { disk } = this.#options;
    const bytes = await readWhole(disk, log.file);
    // Until it is done nobody knows which of the two contents the name has.
    log.loaded = false;
    // A damaged stretch may end without an LF.
    await writeWhole(disk, log.file, Buffer.concat(stays.flatMap(({ start, bytes: length }) => [LF, bytes.subarray(start, start + length)])));
    let start = 0;
    for (const line of stays) {
      line.start = start + LF.length;
      start += LF.length + line.bytes;
    }
    log.lines = [...stays];
    log.loaded = true;
  }

  async #setAside(log: LogFile): Promise<void> {
    const { disk } = this.#options;
    const names = new Set(await disk.readdir(this.#folder));
    for (let number = 1; ; number += 1) {
      const name = `${log.file}.damaged-${number}`;
      if (names.has(path.basename(name))) continue;
      await disk.rename(log.file, name);
      log.lines = [];
      return;
    }
  }

  #nameOf(log: LogFile): string {
    return path.posix.join(EMERGENCY_LOGS, path.basename(log.file));
  }
}

/** The components whose logs are among these names. */
export function componentsOf(names: readonly string[]): string[] {
  const found = names.filter((name) => name.endsWith(SUFFIX) || name.endsWith(`${SUFFIX}.1`)).map((name) => name.slice(0, name.lastIndexOf(SUFFIX)));
  return [...new Set(found)].filter((component) => component !== '' && !component.startsWith('.') && !component.endsWith(DOCUMENTS));
}
