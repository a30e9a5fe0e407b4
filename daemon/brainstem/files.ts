import { access, link, mkdir, open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';

/**
 * Writes a whole file so that its name never holds half of it, also after a kill or a power cut: temporary file in the
 * same folder, fsync, rename. Missing folders are created.
 * @throws the file system's error; the temporary file is removed
 */
export async function writeWhole(file: string, text: string | Uint8Array): Promise<void> {
  await withTemporary(file, text, (temporary) => rename(temporary, file));
}

/**
 * As `writeWhole`, but never in place of a file that is there, not even of one that came to be in the meantime.
 * @returns false when there was one
 */
export async function writeNew(file: string, text: string): Promise<boolean> {
  return withTemporary(file, text, async (temporary) => {
    try {
      await link(temporary, file);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return false;
      // FAT has no hard links.
      if (!NO_LINKS.has(code)) throw error;
      if (await exists(file)) return false;
      await rename(temporary, file);
    }
    return true;
  });
}

const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Runs `publish` with a synced temporary file beside `file`, which is gone afterwards whatever happened. */
async function withTemporary<T>(file: string, text: string | Uint8Array, publish: (temporary: string) => Promise<T>): Promise<T> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true });
  const temporary = path.join(folder, `.${path.basename(file)}.${process.pid}.tmp`);
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return await publish(temporary);
  } finally {
    await unlink(temporary).catch(() => {});
  }
}

export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** JSON as all files of the tree have it: two spaces, a newline at the end. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * Runs `work` on every item, a few at a time: enough for a disk to commit many small files together, few enough to
 * leave file descriptors for the rest of the daemon.
 */
export async function forEachLimited<T>(items: readonly T[], work: (item: T) => Promise<void>, limit = 8): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) await work(items[index] as T);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
