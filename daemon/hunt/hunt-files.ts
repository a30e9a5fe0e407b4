/** Which files of a hunt's folder are given out. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { Disk } from '../ledger/disk/disk.ts';
import { statOrNull } from '../ledger/disk/files.ts';
import { nodeDisk } from '../ledger/disk/node-disk.ts';
import { FIELD_FOLDER } from './artifact.ts';
import { PROVENANCE_FOLDER } from './hunter.ts';

const MOST_NAMES = 1000;
/** A name as this software gives them: no hidden file, no `..`, nothing a shell or a header would take for something else. */
const PART = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/;

/**
 * Names in the folder of a hunt and in its subfolders, `/` between them; of those that hold a file for every job only what
 * is asked for by its job's uuid.
 * @throws the disk's error
 */
export async function filesOf(disk: Disk, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of (await disk.readdir(folder)).filter((name) => PART.test(name))) {
    const stat = await statOrNull(disk, path.join(folder, name));
    if (stat === null) continue;
    if (!stat.isFolder) found.push(name);
    else if (name !== PROVENANCE_FOLDER && name !== FIELD_FOLDER) found.push(...(await disk.readdir(path.join(folder, name))).filter((inner) => PART.test(inner)).map((inner) => `${name}/${inner}`));
    if (found.length >= MOST_NAMES) break;
  }
  return found.slice(0, MOST_NAMES);
}

/** Absolute path of a file of the folder or of a subfolder; null for anything else, also for a link that leads out of it. */
export async function fileWithin(disk: Disk, folder: string, name: string): Promise<string | null> {
  const parts = name.split('/');
  if (parts.length > 2 || !parts.every((part) => PART.test(part))) return null;
  const file = path.join(folder, ...parts);
  const stat = await statOrNull(disk, file).catch(() => null);
  if (stat === null || stat.isFolder) return null;
  if (disk !== nodeDisk) return file;
  const [root, real] = await Promise.all([realpath(folder), realpath(file)]);
  return real === path.join(root, ...parts) ? file : null;
}
