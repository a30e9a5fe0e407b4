import { mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';

/** What tells one version of a file from another. */
export interface FileStamp {
  readonly mtimeMs: number;
  readonly size: number;
  readonly ino: number;
}

export interface LedgerFile {
  /** Writes at the current position: a second call goes on where the first one ended. */
  writeFile(text: string): Promise<void>;
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  stat(): Promise<FileStamp>;
  close(): Promise<void>;
}

/** The calls the ledger makes to the disk, so that a test can make any one of them fail. Paths are absolute. */
export interface LedgerFs {
  readFile(file: string): Promise<string>;
  stat(file: string): Promise<FileStamp>;
  /** Creates a folder and its parents; resolves with the first folder it had to create. */
  mkdir(folder: string): Promise<string | undefined>;
  open(file: string, flags: 'w' | 'a' | 'r'): Promise<LedgerFile>;
  rename(from: string, to: string): Promise<void>;
  unlink(file: string): Promise<void>;
}

export const nodeFs: LedgerFs = {
  readFile: (file) => readFile(file, 'utf8'),
  stat,
  mkdir: (folder) => mkdir(folder, { recursive: true }),
  open,
  rename,
  unlink,
};

/** Makes what happened to the names in a folder survive a power cut. */
async function syncFolder(fs: LedgerFs, folder: string): Promise<void> {
  const handle = await fs.open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network and FUSE file systems cannot sync a folder and say so; there is nothing more to be had from them.
    if (!['EINVAL', 'ENOTSUP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

/** Creates `folder` and its parents durably. @throws the file system's error */
export async function ensureFolder(fs: LedgerFs, folder: string): Promise<void> {
  const first = await fs.mkdir(folder);
  if (first === undefined) return;
  for (let parent = path.dirname(folder); parent.length >= path.dirname(first).length; parent = path.dirname(parent)) {
    await syncFolder(fs, parent);
    if (parent === path.dirname(parent)) break;
  }
}

/**
 * Replaces `file` with `text` so that at every instant, also after a kill or a power cut, the name holds either the
 * whole old or the whole new content: temporary file in the same folder, fsync, rename, fsync of the folder.
 * @param text whole, or in pieces that are asked for one by one as they are written
 * @throws the file system's error; `file` then has its old content, or, when only the last fsync failed, the new one
 */
export async function writeAtomic(fs: LedgerFs, file: string, text: string | Iterable<string>): Promise<void> {
  const folder = path.dirname(file);
  await ensureFolder(fs, folder);
  // One daemon at a time writes to a folder, so the name can be fixed: what a crash leaves, the next write of the file takes over.
  const temporary = path.join(folder, `.${path.basename(file)}.tmp`);
  try {
    const handle = await fs.open(temporary, 'w');
    try {
      for (const piece of typeof text === 'string' ? [text] : text) await handle.writeFile(piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, file);
  } catch (error) {
    await fs.unlink(temporary).catch(() => {});
    throw error;
  }
  await syncFolder(fs, folder);
}

/** Appends one line and syncs it; asks the disk for as little as possible. A line that did not fit is taken back, so that the next one starts on its own line. */
export async function appendLine(fs: LedgerFs, file: string, line: string): Promise<void> {
  await fs.mkdir(path.dirname(file));
  const handle = await fs.open(file, 'a');
  try {
    const { size } = await handle.stat();
    try {
      await handle.writeFile(`${line}\n`);
      await handle.sync();
    } catch (error) {
      await handle.truncate(size).catch(() => {});
      throw error;
    }
  } finally {
    await handle.close();
  }
}
