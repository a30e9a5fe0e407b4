import path from 'node:path';
import { isMissing, type Disk } from '../disk/disk.ts';
import { DurableFolders } from '../disk/durable-folders.ts';
import { BackupFolder } from './backup-folder.ts';
import { backupName, plainName, type KeptEntry } from './kept-entry.ts';
import { componentsOf, EMERGENCY_LOGS, EmergencyLog } from './emergency-log.ts';
import type { KeptDamage, KeptStore } from './layer.ts';

/** An entry with the folder name of the component it belongs to. */
export interface Placed {
  readonly kept: KeptEntry;
  readonly component: string;
}

export interface LayerFolderOptions {
  readonly disk: Disk;
  /** Absolute path of the folder that holds `Backup_Logs` and `Emergency_Logs`. */
  readonly root: string;
  /** Never create the root: it is where another file system should be. */
  readonly mustExist: boolean;
  readonly limits: { readonly backupFiles: number; readonly emergencyBytes: number };
  readonly decode: (value: unknown, component: string) => KeptEntry;
  readonly onDamage: (damage: KeptDamage) => void;
  readonly onDropped: (records: number, file: string) => void;
}

/** Layers 1 and 2 in one folder. */
export class LayerFolder {
  readonly root: string;
  readonly #options: LayerFolderOptions;
  readonly #folders: DurableFolders;
  readonly #backup: BackupFolder;
  readonly #logs = new Map<string, EmergencyLog>();
  #listed = false;

  constructor(options: LayerFolderOptions) {
    const { disk, root, limits, decode, onDamage } = options;
    this.root = root;
    this.#options = options;
    this.#folders = new DurableFolders(disk, root);
    this.#backup = new BackupFolder({ disk, root, folders: this.#folders, limit: limits.backupFiles, decode, onDamage });
  }

  get backups(): number {
    return this.#backup.count;
  }

  get emergencies(): number {
    let count = 0;
    for (const log of this.#logs.values()) count += log.count;
    return count;
  }

  stores(): KeptStore[] {
    return [this.#backup, ...this.#logs.values()];
  }

  /** Puts entries into a layer. @returns for each its path below the root, or why it is not there. Never rejects. */
  async put(layer: 1 | 2, items: readonly Placed[]): Promise<(string | Error)[]> {
    try {
      if (this.#options.mustExist && !(await this.#options.disk.stat(this.root)).isFolder) throw new Error(`${this.root} is not a folder`);
      return layer === 1 ? await this.#putBackups(items) : await this.#putLines(items);
    } catch (error) {
      return items.map(() => error as Error);
    }
  }

  async #putBackups(items: readonly Placed[]): Promise<(string | Error)[]> {
    const errors = await this.#backup.put(items);
    return items.map(({ kept, component }, index) => errors[index] ?? path.posix.join('Backup_Logs', backupName(component, kept)));
  }

  async #putLines(items: readonly Placed[]): Promise<(string | Error)[]> {
    const outcomes: (string | Error)[] = items.map(() => new Error('not tried'));
    for (const component of new Set(items.map((item) => item.component))) {
      const indexes = [...items.keys()].filter((index) => items[index]?.component === component);
      const log = this.#log(plainName(component));
      const errors = await log.append(indexes.map((index) => (items[index] as Placed).kept));
      for (const [position, index] of indexes.entries()) outcomes[index] = errors[position] ?? log.name;
    }
    return outcomes;
  }

  /** Looks at what an earlier run left, once. @throws the disk's error; what could be read is known then */
  async load(): Promise<void> {
    let failure: unknown = null;
    const noted = (error: unknown): void => void (failure ??= error);
    await this.#list().catch(noted);
    for (const store of this.stores()) await store.load().catch(noted);
    if (failure !== null) throw failure as Error;
  }

  async #list(): Promise<void> {
    if (this.#listed) return;
    const { disk } = this.#options;
    const folder = path.join(this.root, EMERGENCY_LOGS);
    const names = await disk.readdir(folder).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    for (const name of names) if (name.startsWith('.') && name.endsWith('.tmp')) await disk.unlink(path.join(folder, name)).catch(() => {});
    for (const component of componentsOf(names)) this.#log(component);
    this.#listed = true;
  }

  async forget(ids: ReadonlySet<string>): Promise<void> {
    for (const store of this.stores()) await store.forget(ids);
  }

  #log(component: string): EmergencyLog {
    const { disk, decode, limits, onDamage, onDropped } = this.#options;
    let log = this.#logs.get(component);
    if (log === undefined) {
      log = new EmergencyLog({ disk, root: this.root, folders: this.#folders, component, maxBytes: limits.emergencyBytes, decode, onDamage, onDropped });
      this.#logs.set(component, log);
    }
    return log;
  }
}
