import path from 'node:path';
import { messageOf } from '../../../protocol/common/errors.ts';
import { forEachLimited } from '../../brainstem/files.ts';
import { isMissing, type Disk } from '../disk/disk.ts';
import type { DurableFolders } from '../disk/durable-folders.ts';
import { readWhole, statOrNull, unlinkIfThere, withFile } from '../disk/files.ts';
import { backupName, fileText, keyOf, parseBackupName, type KeptEntry } from './kept-entry.ts';
import type { KeptDamage, KeptRef, KeptStore } from './layer.ts';
import { sortByOrder } from './merge.ts';

export const BACKUP_LOGS = 'Backup_Logs';
/** Ends the name of a whole document kept here by `defensiveWriteJson`: not a record. */
export const DOCUMENT_SUFFIX = '.document.json';
/** Enough for a disk to commit small files together, with threads left for the journal. */
const WRITES_AT_ONCE = 2;
/** A disk that refuses to remove this many files is not asked about the others; the next `forget` tries again. */
const ENOUGH_FAILURES = 3;

export interface BackupFolderOptions {
  readonly disk: Disk;
  /** Absolute path of the folder that holds `Backup_Logs`. */
  readonly root: string;
  readonly folders: DurableFolders;
  /** Most files: an SD card has a bounded number of inodes. */
  readonly limit: number;
  /** Reads the content of a file. @param component first part of its path @throws Error with what is wrong */
  readonly decode: (value: unknown, component: string) => KeptEntry;
  readonly onDamage: (damage: KeptDamage) => void;
}

interface FileRef extends KeptRef {
  /** Relative to `Backup_Logs`. */
  readonly name: string;
  /** Stands for the record's id; see `keyOf`. */
  readonly key: string;
  /** `done`: in the journal, but could not be removed. `damaged`: no record; left for a person to look at. */
  state: 'kept' | 'done' | 'damaged';
}

/** Layer 1: one file an entry, under the path of the file it was meant for; no file is ever written a second time. */
export class BackupFolder implements KeptStore {
  readonly #options: BackupFolderOptions;
  readonly #folder: string;
  /** By name. */
  readonly #files = new Map<string, FileRef>();
  #loaded = false;

  constructor(options: BackupFolderOptions) {
    this.#options = options;
    this.#folder = path.join(options.root, BACKUP_LOGS);
  }

  get count(): number {
    let count = 0;
    for (const file of this.#files.values()) if (file.state === 'kept') count += 1;
    return count;
  }

  *refs(): Iterable<KeptRef> {
    const files = [...this.#files.values()];
    sortByOrder(files);
    for (const file of files) if (file.state === 'kept') yield file;
  }

  /**
   * Writes entries that are to be on disk when this resolves; one sync of a folder for all its files.
   * @param component folder name of the component @returns for each entry null, or why it is not kept
   */
  async put(items: readonly { readonly kept: KeptEntry; readonly component: string }[]): Promise<(Error | null)[]> {
    const { limit } = this.#options;
    const tooMany = new Error(`${BACKUP_LOGS} holds ${limit} files, the most it may`);
    const room = Math.max(0, limit - this.#files.size);
    const files = items.map(({ kept, component }, index) => ({ name: backupName(component, kept), kept, error: index < room ? null : tooMany }));
    await forEachLimited(files.slice(0, room), async (file) => void (file.error = await this.#write(file.name, file.kept)), WRITES_AT_ONCE);
    const written = files.filter(({ error }) => error === null);
    for (const folder of new Set(written.map(({ name }) => path.posix.dirname(name)))) {
      const error = await this.#sync(folder);
      for (const file of written) {
        if (path.posix.dirname(file.name) !== folder) continue;
        file.error = error;
        if (error === null) this.#add(file.name, file.kept.order, keyOf(file.kept.record.id));
        else await this.#options.disk.unlink(path.join(this.#folder, file.name)).catch(() => {});
      }
    }
    return files.map(({ error }) => error);
  }

  async #write(name: string, kept: KeptEntry): Promise<Error | null> {
    const { disk, folders } = this.#options;
    const file = path.join(this.#folder, name);
    const temporary = path.join(path.dirname(file), `.${path.basename(file)}.tmp`);
    try {
      await folders.ensure(path.dirname(file));
      if ((await statOrNull(disk, file)) !== null) return new Error(`${name} exists`);
      await unlinkIfThere(disk, temporary);
      await withFile(disk, temporary, 'create', async (handle) => {
        await handle.write(Buffer.from(fileText(kept)), 0);
        await handle.datasync();
      });
      await disk.rename(temporary, file);
      return null;
    } catch (error) {
      await disk.unlink(temporary).catch(() => {});
      return error as Error;
    }
  }

  async #sync(folder: string): Promise<Error | null> {
    try {
      await this.#options.disk.syncFolder(path.join(this.#folder, folder));
      return null;
    } catch (error) {
      return error as Error;
    }
  }

  async load(): Promise<void> {
    if (this.#loaded) return;
    const found: FileRef[] = [];
    try {
      await this.#walk('', found);
      this.#loaded = true;
    } finally {
      for (const file of found) if (!this.#files.has(file.name)) this.#files.set(file.name, file);
    }
  }

  async #walk(folder: string, found: FileRef[]): Promise<void> {
    const { disk } = this.#options;
    let names: string[];
    try {
      names = await disk.readdir(path.join(this.#folder, folder));
    } catch (error) {
      if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'ENOTDIR') return;
      throw error;
    }
    for (const base of names) {
      const name = path.posix.join(folder, base);
      if (base.startsWith('.') && base.endsWith('.tmp')) await disk.unlink(path.join(this.#folder, name)).catch(() => {});
      else if (base.endsWith(DOCUMENT_SUFFIX) || this.#files.has(name)) continue;
      else if (!base.endsWith('.json')) await this.#walk(name, found);
      else {
        const parsed = parseBackupName(base);
        if (parsed !== null) found.push(this.#ref(name, parsed.order, parsed.key));
        else await this.#addUnnamed(name, found);
      }
    }
  }

  /** A name that says neither id nor order: the first form's, whose content does. */
  async #addUnnamed(name: string, found: FileRef[]): Promise<void> {
    const ref = this.#ref(name, 0, '');
    const kept = await ref.read().catch(() => null);
    if (kept !== null) found.push(this.#ref(name, kept.order, keyOf(kept.record.id)));
  }

  #add(name: string, order: number, key: string): void {
    this.#files.set(name, this.#ref(name, order, key));
  }

  #ref(name: string, order: number, key: string): FileRef {
    const ref: FileRef = { name, order, key, layer: 1, state: 'kept', read: () => this.#read(name, ref) };
    return ref;
  }

  async #read(name: string, ref: FileRef): Promise<KeptEntry> {
    const { decode, disk, onDamage } = this.#options;
    const bytes = await readWhole(disk, path.join(this.#folder, name));
    try {
      const kept = decode(JSON.parse(bytes.toString('utf8')), name.split('/')[0] ?? '');
      if (ref.key !== '' && keyOf(kept.record.id) !== ref.key) throw new Error('its name is that of another entry');
      return kept;
    } catch (error) {
      ref.state = 'damaged';
      onDamage({ file: path.posix.join(BACKUP_LOGS, name), offset: null, reason: messageOf(error) });
      throw error;
    }
  }

  async forget(ids: ReadonlySet<string>): Promise<void> {
    const keys = new Set([...ids].map(keyOf));
    const emptied = new Set<string>();
    let failures = 0;
    for (const file of this.#files.values()) {
      if (file.state === 'kept' && keys.has(file.key)) file.state = 'done';
      if (file.state !== 'done' || failures >= ENOUGH_FAILURES) continue;
      try {
        await unlinkIfThere(this.#options.disk, path.join(this.#folder, file.name));
      } catch {
        failures += 1;
        continue;
      }
      this.#files.delete(file.name);
      emptied.add(path.posix.dirname(file.name));
    }
    for (const folder of emptied) await this.#removeEmpty(folder);
  }

  async #removeEmpty(folder: string): Promise<void> {
    for (let name = folder; name !== '.'; name = path.posix.dirname(name)) {
      try {
        await this.#options.disk.rmdir(path.join(this.#folder, name));
      } catch {
        return;
      }
    }
  }
}
