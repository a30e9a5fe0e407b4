import path from 'node:path';
import { isMissing, type Disk, type DiskFile, type DiskStat } from './disk.ts';

/** Opens, uses and always closes a file. */
export async function withFile<T>(disk: Disk, file: string, mode: 'read' | 'update' | 'create', use: (handle: DiskFile) => Promise<T>): Promise<T> {
  const handle = await disk.open(file, mode);
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

/** A whole file. @throws the disk's error */
export function readWhole(disk: Disk, file: string): Promise<Buffer> {
  return withFile(disk, file, 'read', async (handle) => {
    const { size } = await handle.stat();
    const bytes = Buffer.allocUnsafe(size);
    return bytes.subarray(0, await handle.read(bytes, 0));
  });
}

/** Null when nothing has that name. @throws any other error of the disk */
export async function statOrNull(disk: Disk, file: string): Promise<DiskStat | null> {
  try {
    return await disk.stat(file);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Removes a name that may not be there. @throws any other error of the disk */
export async function unlinkIfThere(disk: Disk, file: string): Promise<void> {
  try {
    await disk.unlink(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Creates `folder` and its parents so that they survive a power cut. @throws the disk's error */
export async function ensureFolder(disk: Disk, folder: string): Promise<void> {
  const first = await disk.mkdir(folder);
  if (first === undefined) return;
  for (let parent = path.dirname(folder); parent.length >= path.dirname(first).length; parent = path.dirname(parent)) {
    await disk.syncFolder(parent);
    if (parent === path.dirname(parent)) break;
  }
}

/**
 * Replaces `file` so that at every instant, also after a kill or a power cut, its name holds the whole old or the whole
 * new content: temporary file beside it, fsync, rename, fsync of the folder.
 * @throws the disk's error; `file` then has its old content, or, when only the last fsync failed, the new one
 */
export async function writeWhole(disk: Disk, file: string, bytes: Uint8Array): Promise<void> {
  const folder = path.dirname(file);
  await ensureFolder(disk, folder);
  // One daemon at a time writes to a folder, so the name can be fixed: what a crash leaves, the next write of the file removes.
  const temporary = path.join(folder, `.${path.basename(file)}.tmp`);
  await unlinkIfThere(disk, temporary);
  try {
    await withFile(disk, temporary, 'create', async (handle) => {
      await handle.write(bytes, 0);
      await handle.datasync();
    });
    await disk.rename(temporary, file);
  } catch (error) {
    await disk.unlink(temporary).catch(() => {});
    throw error;
  }
  await disk.syncFolder(folder);
}
