import path from 'node:path';
import { messageOf } from '../../../protocol/common/errors.ts';
import { isMissing, type Disk } from '../disk/disk.ts';
import type { DurableFolders } from '../disk/durable-folders.ts';
import { readWhole, unlinkIfThere, withFile, writeWhole } from '../disk/files.ts';
import { lineText, type KeptEntry } from './kept-entry.ts';
import { jsonLines } from './json-lines.ts';
import type { KeptDamage, KeptRef, KeptStore } from './layer.ts';
import { LF, LineFile } from './line-file.ts';
import { mergeByOrder, sortByOrder } from './merge.ts';

export const EMERGENCY_LOGS = 'Emergency_Logs';
export const EMERGENCY_SUFFIX = '_emergency.log';
/** Ends the name of a log that `defensiveWriteJson` keeps whole documents in: not records. */
export const DOCUMENTS = '_documents';

/** Smaller logs are rewritten at every `forget`; bigger ones when half of them is forgotten, so that emptying one costs about its size. */
const ALWAYS_REWRITE_BYTES = 1024 * 1024;

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
  readonly #lines: LineFile;

  constructor(options: EmergencyLogOptions) {
    this.#options = options;
    this.#folder = path.join(options.root, EMERGENCY_LOGS);
    const file = path.join(this.#folder, options.component + EMERGENCY_SUFFIX);
    this.#now = { file, lines: [], loaded: false };
    this.#old = { file: `${file}.1`, lines: [], loaded: false };
    this.#lines = new LineFile({ disk: options.disk, folders: options.folders, file, maxBytes: options.maxBytes });
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
   * Appends entries that are to be on disk when this resolves.
   * @returns for each entry null, or why it is not kept. Never rejects
   */
  async append(entries: readonly KeptEntry[]): Promise<(Error | null)[]> {
    const results: (Error | null)[] = entries.map(() => null);
    const waiting: Waiting[] = [];
    for (const [index, entry] of entries.entries()) {
      try {
        const bytes = Buffer.from(lineText(entry));
        this.#lines.check(bytes);
        waiting.push({ index, entry, bytes });
      } catch (error) {
        results[index] = error as Error;
      }
    }
    let taken = 0;
    try {
      // Without it nobody could say how much goes with the oldest log; a log that cannot be read can still take lines.
      await this.load().catch(() => {});
      while (taken < waiting.length) taken += await this.#appendSome(waiting.slice(taken));
    } catch (error) {
      for (const { index } of waiting.slice(taken)) results[index] = error as Error;
    }
    return results;
  }

  /** Writes what fits into the log; makes room when nothing does. @returns how many were written @throws the disk's error */
  async #appendSome(waiting: readonly Waiting[]): Promise<number> {
    const { count, start, fresh } = await this.#lines.append(waiting.map(({ bytes }) => bytes));
    if (fresh) this.#now.lines = [];
    let at = start;
    for (const { entry, bytes } of waiting.slice(0, count)) {
      this.#now.lines.push(this.#line(this.#now, entry, at, bytes.length));
      at += bytes.length;
    }
    sortByOrder(this.#now.lines);
    if (count === 0) await this.#rotate();
    return count;
  }

  async #rotate(): Promise<void> {
    const dropped = this.#old.lines.filter(({ state }) => state === 'kept').length;
    await this.#lines.moveTo(this.#old.file);
    this.#old.lines = this.#now.lines;
    for (const line of this.#old.lines) line.log = this.#old;
    this.#old.loaded = this.#now.loaded;
    this.#now.lines = [];
    this.#now.loaded = true;
    if (dropped > 0) this.#options.onDropped(dropped, this.#nameOf(this.#old));
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
      const kept = decode(JSON.parse(bytes.toString('utf8')), component);
      if (kept.record.id !== line.id) throw new Error('another entry stands in its place');
      return kept;
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
    if (log === this.#now) this.#lines.replaced();
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
  const found = names.filter((name) => name.endsWith(EMERGENCY_SUFFIX) || name.endsWith(`${EMERGENCY_SUFFIX}.1`)).map((name) => name.slice(0, name.lastIndexOf(EMERGENCY_SUFFIX)));
  return [...new Set(found)].filter((component) => component !== '' && !component.startsWith('.') && !component.endsWith(DOCUMENTS));
}
