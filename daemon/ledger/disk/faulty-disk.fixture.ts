import type { Disk, DiskFile, DiskStat, OpenMode } from './disk.ts';
import { DiskFaults, type DiskCall } from './disk-faults.fixture.ts';

/** Any disk, with `faults` before every call. For tests only. */
export class FaultyDisk implements Disk {
  readonly faults = new DiskFaults();
  /** False leaves the syncs of the disk behind out, for tests that write thousands of files; they are counted all the same. */
  realSync = true;
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  async open(file: string, mode: OpenMode): Promise<DiskFile> {
    await this.#meet(mode === 'create' ? 'create' : 'open', file);
    const handle = await this.#disk.open(file, mode);
    return {
      read: (into, position) => this.#then('read', file, () => handle.read(into, position)),
      write: async (bytes, position) => {
        const error = await this.faults.meet('write', file);
        if (error === null) return handle.write(bytes, position);
        if (this.faults.halfWrites) await handle.write(bytes.subarray(0, bytes.length >> 1), position);
        throw error;
      },
      datasync: () => this.#then('datasync', file, async () => (this.realSync ? handle.datasync() : undefined)),
      truncate: (bytes) => this.#then('truncate', file, () => handle.truncate(bytes)),
      stat: () => this.#then('stat', file, () => handle.stat()),
      // Also under faults: a test must not run out of handles.
      close: () => handle.close(),
    };
  }

  stat(file: string): Promise<DiskStat> {
    return this.#then('stat', file, () => this.#disk.stat(file));
  }

  readdir(folder: string): Promise<string[]> {
    return this.#then('readdir', folder, () => this.#disk.readdir(folder));
  }

  mkdir(folder: string): Promise<string | undefined> {
    return this.#then('mkdir', folder, () => this.#disk.mkdir(folder));
  }

  link(file: string, name: string): Promise<void> {
    return this.#then('link', name, () => this.#disk.link(file, name));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#then('rename', to, () => this.#disk.rename(from, to));
  }

  unlink(file: string): Promise<void> {
    return this.#then('unlink', file, () => this.#disk.unlink(file));
  }

  rmdir(folder: string): Promise<void> {
    return this.#then('rmdir', folder, () => this.#disk.rmdir(folder));
  }

  syncFolder(folder: string): Promise<void> {
    return this.#then('syncFolder', folder, async () => (this.realSync ? this.#disk.syncFolder(folder) : undefined));
  }

  async #meet(call: DiskCall, path: string): Promise<void> {
    const error = await this.faults.meet(call, path);
    if (error !== null) throw error;
  }

  async #then<T>(call: DiskCall, path: string, act: () => Promise<T>): Promise<T> {
    await this.#meet(call, path);
    return act();
  }
}
