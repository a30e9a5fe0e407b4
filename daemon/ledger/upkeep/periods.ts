import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** A year's or a month's folder somewhere in the tree. */
export interface PeriodFolder {
  /** Relative to the base folder, with `/`. */
  readonly path: string;
  /** `2025` or `2025/03` */
  readonly period: string;
}

/** Folders at the top that hold no views. */
const NOT_VIEWS = new Set(['.ledger', 'Archive', 'Backup_Logs', 'Emergency_Logs', 'Temporary Template']);

/** Every year's folder, in a fixed order. Links are not followed. @param base absolute @throws the file system's error */
export async function yearFolders(base: string): Promise<PeriodFolder[]> {
  const found: PeriodFolder[] = [];
  const search = async (folder: string): Promise<void> => {
    for (const name of await foldersIn(path.join(base, folder))) {
      if (folder === '' && NOT_VIEWS.has(name)) continue;
      const below = folder === '' ? name : `${folder}/${name}`;
      if (/^\d{4}$/.test(name)) found.push({ path: below, period: name });
      else await search(below);
    }
  };
  await search('');
  return found;
}

/** The months' folders in a year's. @throws the file system's error */
export async function monthFolders(base: string, year: PeriodFolder): Promise<PeriodFolder[]> {
  const names = await foldersIn(path.join(base, year.path));
  return names.filter((name) => /^\d\d$/.test(name)).map((name) => ({ path: `${year.path}/${name}`, period: `${year.period}/${name}` }));
}

export interface TreeFile {
  /** Relative to the base folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** ms since the epoch */
  readonly mtimeMs: number;
}

/** Every file below a folder, in a fixed order. @param folder relative to `base` @throws the file system's error */
export async function filesBelow(base: string, folder: string): Promise<TreeFile[]> {
  const entries = await readdir(path.join(base, folder), { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => path.relative(base, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
  return await Promise.all(
    names.sort().map(async (name) => {
      const { size, mtimeMs } = await stat(path.join(base, name));
      return { path: name, bytes: size, mtimeMs };
    }),
  );
}

async function foldersIn(folder: string): Promise<string[]> {
  return (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
}
