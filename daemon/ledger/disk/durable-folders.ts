import path from 'node:path';
import type { Disk } from './disk.ts';

/** Beyond this many the names are forgotten, which costs a few syncs more. */
const MOST_REMEMBERED = 1000;

/**
 * Creates folders so that they survive a power cut, also when an earlier try created them and could not sync: a folder
 * that is merely there proves nothing. Everything above `root` is taken to be durable unless it had to be created.
 */
export class DurableFolders {
  readonly #disk: Disk;
  readonly #root: string;
  readonly #synced = new Set<string>();
  /** Created by an earlier try that could not sync them all. */
  readonly #owed = new Set<string>();

  constructor(disk: Disk, root: string) {
    this.#disk = disk;
    this.#root = root;
  }

  /** @param folder absolute, at or below the root @throws the disk's error */
  async ensure(folder: string): Promise<void> {
    const first = await this.#disk.mkdir(folder);
    if (first !== undefined) {
      for (const known of this.#synced) if (isAtOrBelow(known, first)) this.#synced.delete(known);
      for (let name = folder; isAtOrBelow(name, first); name = path.dirname(name)) this.#owed.add(name);
    }
    const fresh: string[] = [];
    for (let name = folder; this.#mustSync(name); name = path.dirname(name)) {
      await this.#disk.syncFolder(path.dirname(name));
      fresh.push(name);
    }
    if (this.#synced.size > MOST_REMEMBERED) this.#synced.clear();
    for (const name of fresh) {
      this.#synced.add(name);
      this.#owed.delete(name);
    }
  }

  #mustSync(name: string): boolean {
    if (name === path.dirname(name) || this.#synced.has(name)) return false;
    return this.#owed.has(name) || (name !== this.#root && isAtOrBelow(name, this.#root));
  }
}

function isAtOrBelow(name: string, folder: string): boolean {
  return name === folder || name.startsWith(folder + path.sep);
}
