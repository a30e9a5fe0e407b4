import path from 'node:path';
import { messageOf } from '../../../protocol/common/errors.ts';
import type { Disk } from '../disk/disk.ts';
import { DurableFolders } from '../disk/durable-folders.ts';
import type { OpenView } from './open-view.ts';
import { readPublic } from './public-file.ts';

export interface PublisherOptions {
  readonly disk: Disk;
  /** Absolute path of the mode's base folder. */
  readonly base: string;
  /** Name part for files that are moved aside. */
  readonly stamp: () => string;
  readonly onSync: () => void;
  /** A file of the tree was not what it should be. */
  readonly onDamage: (file: string, what: string, kept: string | null) => void;
  /** A file could not be brought up to date. */
  readonly onFailed: (view: OpenView, reason: string) => void;
}

/** Files written at once. Node has four file threads; one is left for the journal. */
const CONCURRENCY = 3;

/** Gives files their next versions, a folder synced once for all of its files, and looks after what stands under their names. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #folders: DurableFolders;
  /**
   * Files by folder whose last swap may not survive a power cut: until the folder is synced their hidden inodes, which may
   * be the public ones again then, must not be touched.
   */
  readonly #unsynced = new Map<string, Set<OpenView>>();

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#folders = new DurableFolders(options.disk, options.base);
  }

  /** Forgets all files, as a new run would. */
  clear(): void {
    this.#unsynced.clear();
  }

  /** Writes, syncs and publishes what waits. Never rejects: failures are told one by one. @param views each once */
  async publish(views: readonly OpenView[]): Promise<void> {
    const failures = await this.#syncFolders();
    const prepared: OpenView[] = [];
    await this.#each(views, async (view) => {
      const folder = this.#folderOf(view);
      const failure = failures.get(folder);
      if (failure !== undefined) throw failure;
      if (!(await this.#isSound(view))) return;
      await view.prepare();
      prepared.push(view);
    });
    await this.#each(prepared, async (view) => {
      await view.swap();
      this.mustSync(view);
    });
    const late = await this.#syncFolders();
    for (const view of prepared) {
      const failure = late.get(this.#folderOf(view));
      if (failure !== undefined) this.#options.onFailed(view, messageOf(failure));
    }
  }

  /** Looks whether files are as they were left, and heals what can be healed at once; the others are then `damaged`. Never rejects. */
  async check(views: readonly OpenView[]): Promise<void> {
    await this.#each(views, async (view) => void (await this.#isSound(view)));
  }

  /** What stands under a file's name may not be durable yet. */
  mustSync(view: OpenView): void {
    const folder = this.#folderOf(view);
    const views = this.#unsynced.get(folder);
    if (views === undefined) this.#unsynced.set(folder, new Set([view]));
    else views.add(view);
  }

  /** The file is of no interest any more. */
  drop(view: OpenView): void {
    this.#unsynced.get(this.#folderOf(view))?.delete(view);
  }

  #folderOf(view: OpenView): string {
    return path.dirname(path.join(this.#options.base, view.target.path));
  }

  /** @returns errors by folder */
  async #syncFolders(): Promise<Map<string, Error>> {
    const { disk, onSync } = this.#options;
    const failures = new Map<string, Error>();
    await inParallel([...this.#unsynced], async ([folder, views]) => {
      try {
        await disk.syncFolder(folder);
      } catch (error) {
        // A folder that was removed with its files will be made again with them.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
          failures.set(folder, error as Error);
          return;
        }
      }
      onSync();
      this.#unsynced.delete(folder);
      for (const view of views) view.confirm();
    });
    return failures;
  }

  /** Heals what somebody did to the public file. @returns false when it has to be made anew first */
  async #isSound(view: OpenView): Promise<boolean> {
    const { onDamage, stamp } = this.#options;
    const { path: file } = view.target;
    await this.#folders.ensure(this.#folderOf(view));
    const { state, kept } = await view.twins.check(() => `${file}.edited-${stamp()}`);
    if (state !== 'intact') onDamage(file, kept === null ? 'it was removed' : 'it was changed by somebody else', kept);
    if (state === 'lost') view.lost = 'damaged';
    if (state !== 'lost' && !view.isOurs) return this.#claim(view);
    return state !== 'lost';
  }

  /** A new file takes the place of the empty one laid out at start; anything else under its name is kept. @returns false when it is one of ours */
  async #claim(view: OpenView): Promise<boolean> {
    const { base, disk, onDamage, stamp } = this.#options;
    const { path: file } = view.target;
    const present = await readPublic(disk, path.join(base, file));
    if (present === null || present.isPlaceholder) return true;
    if (present.throughSeq !== null) {
      // Closed long ago, and its series was not known. All of it is in the journal.
      view.forget();
      return false;
    }
    const kept = `${file}.foreign-${stamp()}`;
    await disk.rename(path.join(base, file), path.join(base, kept));
    onDamage(file, 'another file had its name', kept);
    return true;
  }

  async #each(views: readonly OpenView[], work: (view: OpenView) => Promise<void>): Promise<void> {
    await inParallel(views, async (view) => {
      try {
        await work(view);
      } catch (error) {
        this.#options.onFailed(view, messageOf(error));
      }
    });
  }
}

/** @param work never rejects */
async function inParallel<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < all.length) await work(all[next++]!);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}
