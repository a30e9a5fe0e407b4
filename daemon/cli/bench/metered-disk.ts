import { BLOCK, type Disk, type DiskFile } from '../../ledger/disk/disk.ts';

/** What went to a disk. */
export interface DiskTraffic {
  /** Bytes handed to write calls. */
  bytes: number;
  /** The same as whole blocks: a block changed several times between two fsyncs goes to the device once. */
  blockBytes: number;
  /** Fsyncs of files and folders. */
  fsyncs: number;
}

/** A real disk that counts what goes to it, and knows whether it is busy. */
export class MeteredDisk implements Disk {
  readonly #traffic: DiskTraffic = { bytes: 0, blockBytes: 0, fsyncs: 0 };
  readonly #disk: Disk;
  readonly #skipSync: boolean;
  /** Blocks changed since the last fsync, by open file. */
  readonly #dirty = new Set<Set<number>>();
  #busy = 0;

  /** @param skipSync fsyncs are counted and not done: much faster, when only the counts are wanted */
  constructor(disk: Disk, skipSync: boolean) {
    this.#disk = disk;
    this.#skipSync = skipSync;
  }

  /** Calls under way. */
  get busy(): number {
    return this.#busy;
  }

  async open(file: string, mode: Parameters<Disk['open']>[1]): Promise<DiskFile> {
    const handle = await this.#count(this.#disk.open(file, mode));
    const changed = new Set<number>();
    return {
      read: (into, position) => this.#count(handle.read(into, position)),
      write: (bytes, position) => {
        this.#onWrite(changed, position, bytes.length);
        return this.#count(handle.write(bytes, position));
      },
      datasync: () => {
        this.#onSync(changed);
        return this.#skipSync ? Promise.resolve() : this.#count(handle.datasync());
      },
      truncate: (bytes) => this.#count(handle.truncate(bytes)),
      stat: () => this.#count(handle.stat()),
      close: () => this.#count(handle.close()),
    };
  }

  stat(file: string): ReturnType<Disk['stat']> {
    return this.#count(this.#disk.stat(file));
  }

  readdir(folder: string): Promise<string[]> {
    return this.#count(this.#disk.readdir(folder));
  }

  mkdir(folder: string): Promise<string | undefined> {
    return this.#count(this.#disk.mkdir(folder));
  }

  link(file: string, name: string): Promise<void> {
    return this.#count(this.#disk.link(file, name));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#count(this.#disk.rename(from, to));
  }

  unlink(file: string): Promise<void> {
    return this.#count(this.#disk.unlink(file));
  }

  rmdir(folder: string): Promise<void> {
    return this.#count(this.#disk.rmdir(folder));
  }

  syncFolder(folder: string): Promise<void> {
    this.#traffic.fsyncs += 1;
    return this.#skipSync ? Promise.resolve() : this.#count(this.#disk.syncFolder(folder));
  }

  /** Everything so far. What is still dirty counts as well: the system writes it some time. */
  total(): DiskTraffic {
    const dirty = [...this.#dirty].reduce((sum, blocks) => sum + blocks.size * BLOCK, 0);
    return { ...this.#traffic, blockBytes: this.#traffic.blockBytes + dirty };
  }

  #onWrite(changed: Set<number>, position: number, length: number): void {
    this.#traffic.bytes += length;
    this.#dirty.add(changed);
    for (let block = Math.floor(position / BLOCK); block * BLOCK < position + length; block += 1) changed.add(block);
  }

  #onSync(changed: Set<number>): void {
    this.#traffic.fsyncs += 1;
    this.#traffic.blockBytes += changed.size * BLOCK;
    this.#dirty.delete(changed);
    changed.clear();
  }

  async #count<T>(call: Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await call;
    } finally {
      this.#busy -= 1;
    }
  }
}
