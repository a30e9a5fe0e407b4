import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Brainstem, FileType, JsonObject, ViewTarget } from '../brainstem/contract.ts';
import type { DefensiveWriter, WriteResult } from './defensive-writer.ts';
import { CorruptDocument, EntryDocument, parseDocument } from './document.ts';
import { hourScope, instantOf } from './entries.ts';
import type { FileStamp, LedgerFs } from './file-system.ts';

/** Documents kept in memory between batches: enough for every tree of two hours side by side. */
const MAX_CACHED = 512;
/** Their entries, added up. They are shared between documents, so what a document adds is little more than their ids. */
const MAX_CACHED_ENTRIES = 1_000_000;
/** Entries whose one copy is known; beyond this sharing starts anew. */
const MAX_SHARED = 200_000;
/** Offsets of every time zone change on a multiple of this, so one granule lies in one hour folder. */
const GRANULE_MS = 15 * 60_000;

export interface DocumentStoreOptions {
  readonly brainstem: Brainstem;
  readonly fs: LedgerFs;
  readonly writer: DefensiveWriter;
  readonly now: () => number;
  /** A file that was not a valid document and has been set aside under `renamedTo`. */
  readonly onCorrupt: (file: string, renamedTo: string, reason: string) => void;
}

interface Cached {
  readonly document: EntryDocument;
  readonly stamp: FileStamp;
  readonly entries: number;
}

/** Loads, instantiates, remembers and saves documents. Paths are relative to the base folder. */
export class DocumentStore {
  readonly #options: DocumentStoreOptions;
  readonly #cache = new Map<string, Cached>();
  readonly #shared = new Map<string, WeakRef<JsonObject>>();
  #cachedEntries = 0;
  #lastHour: { granule: number; scope: string } = { granule: Number.NaN, scope: '' };

  constructor(options: DocumentStoreOptions) {
    this.#options = options;
  }

  /**
   * The document of a target as it is on disk now, or a new one from its template. A file that is not a valid
   * document is renamed, never overwritten.
   * @throws the file system's error when the file is there but cannot be read or set aside
   */
  async open(target: ViewTarget, type: FileType): Promise<EntryDocument> {
    const stamp = await this.#stampOf(target.path);
    const cached = this.#cache.get(target.path);
    if (cached && stamp && sameStamp(cached.stamp, stamp)) return cached.document;
    this.forget(target.path);
    const toDocument = (json: JsonObject): EntryDocument => new EntryDocument(json, target, type, (entry) => this.#hourOf(entry), (entry) => this.#share(entry));
    return (await this.#read(target.path, toDocument)) ?? toDocument(this.#instantiate(target));
  }

  /** The JSON of an index file, which has no entries, or a new one from its template. @throws as `open` */
  async openIndex(target: ViewTarget): Promise<JsonObject> {
    return (await this.#read(target.path, (json) => json)) ?? this.#instantiate(target);
  }

  /** Writes a document through layer 0; remembers it only when it is safely on disk. */
  async save(file: string, document: EntryDocument, text: Iterable<string>): Promise<WriteResult> {
    const result = await this.#options.writer.writePrimary(file, text);
    this.forget(file);
    if (!result.ok) return result;
    const stamp = await this.#stampOf(file).catch(() => null);
    if (stamp) this.#remember(file, { document, stamp, entries: document.tally.total });
    return result;
  }

  forget(file: string): void {
    const cached = this.#cache.get(file);
    if (!cached) return;
    this.#cache.delete(file);
    this.#cachedEntries -= cached.entries;
  }

  #remember(file: string, cached: Cached): void {
    this.#cache.set(file, cached);
    this.#cachedEntries += cached.entries;
    // Saving moves a file to the end of the map, so the first one is the one unused for longest.
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= MAX_CACHED && this.#cachedEntries <= MAX_CACHED_ENTRIES) break;
      this.forget(oldest);
    }
  }

  /** After a restart every document is parsed by itself; without this each would hold its own copy of the history. */
  #share(entry: JsonObject): JsonObject {
    if (typeof entry.id !== 'string') return entry;
    const known = this.#shared.get(entry.id)?.deref();
    // A person may have edited one of the files: that entry stays as it is there.
    if (known !== undefined) return isDeepStrictEqual(known, entry) ? known : entry;
    if (this.#shared.size >= MAX_SHARED) this.#shared.clear();
    this.#shared.set(entry.id, new WeakRef(entry));
    return entry;
  }

  async #read<T>(file: string, parse: (json: JsonObject) => T): Promise<T | null> {
    const { brainstem: { base }, fs } = this.#options;
    let text: string;
    try {
      text = await fs.readFile(path.join(base, file));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
    try {
      return parse(parseDocument(text, file));
    } catch (error) {
      if (!(error instanceof CorruptDocument)) throw error;
      const renamedTo = `${file}.corrupt-${new Date(this.#options.now()).toISOString().replaceAll(':', '')}`;
      await fs.rename(path.join(base, file), path.join(base, renamedTo));
      this.#options.onCorrupt(file, renamedTo, messageOf(error));
      return null;
    }
  }

  #instantiate({ template, level, scope }: ViewTarget): JsonObject {
    return this.#options.brainstem.instantiate(template, { at: this.#options.now(), level, scope });
  }

  async #stampOf(file: string): Promise<FileStamp | null> {
    try {
      return await this.#options.fs.stat(path.join(this.#options.brainstem.base, file));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Entries come in order of time, so remembering the last granule saves nearly every conversion. */
  #hourOf(entry: JsonObject): string | null {
    const at = instantOf(entry.timestamp);
    if (at === null) return null;
    const granule = Math.floor(at / GRANULE_MS);
    if (granule !== this.#lastHour.granule) this.#lastHour = { granule, scope: hourScope(this.#options.brainstem.timeParts(at)) };
    return this.#lastHour.scope;
  }
}

function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.mtimeMs === b.mtimeMs && a.size === b.size && a.ino === b.ino;
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ENOENT';
}
