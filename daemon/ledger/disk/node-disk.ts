import { constants, link, mkdir, open, readdir, rename, rmdir, stat, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { isMissing, type Disk, type DiskFile, type DiskStat, type OpenMode } from './disk.ts';

const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  update: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
};

/** The real disk. */
export const nodeDisk: Disk = {
  open: async (file, mode) => new NodeFile(await open(file, FLAGS[mode])),
  stat: async (file) => statOf(await stat(file)),
  readdir: async (folder) => (await readdir(folder)).sort(),
  async mkdir(folder) {
    try {
      return await mkdir(folder, { recursive: true });
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Node says ENOENT when it may not create a parent; the parent itself says why.
      const parent = path.dirname(folder);
      const first = parent === folder ? undefined : await nodeDisk.mkdir(parent);
      await mkdir(folder);
      return first ?? folder;
    }
  },
  link,
  rename,
  unlink,
  rmdir: (folder) => rmdir(folder),
  async syncFolder(folder) {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } catch (error) {
      // Some network and FUSE file systems cannot sync a folder and say so; there is nothing more to be had from them.
      if (!['EINVAL', 'ENOTSUP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    } finally {
      await handle.close();
    }
  },
};

class NodeFile implements DiskFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const { bytesRead } = await this.#handle.read(into, done, into.length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < bytes.length) done += (await this.#handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }

  datasync(): Promise<void> {
    return this.#handle.datasync();
  }

  truncate(bytes: number): Promise<void> {
    return this.#handle.truncate(bytes);
  }

  async stat(): Promise<DiskStat> {
    return statOf(await this.#handle.stat());
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

function statOf(stats: { size: number; ino: number; mtimeMs: number; nlink: number; isDirectory(): boolean }): DiskStat {
  return { size: stats.size, ino: stats.ino, mtimeMs: stats.mtimeMs, isFolder: stats.isDirectory(), nlink: stats.nlink };
}
