import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';

/** What a part of a base folder takes of the disk. */
export interface Space {
  /** `.ledger/journal`, or a folder of the tree. */
  readonly part: string;
  readonly files: number;
  /** What the file system gave away for it, whole blocks. */
  readonly bytes: number;
}

const BLOCK_BYTES = 512;

/**
 * Space by part, of everything below a base folder. A file with two names counts once: with the tree, and not with the
 * hidden twin. @throws the file system's error, except for what goes away while it is counted
 */
export async function readSpace(base: string): Promise<Space[]> {
  const seen = new Set<string>();
  const parts: Space[] = [];
  const names = await entriesOf(base);
  // The tree first, so that what it shares with the shadow folder is its own.
  for (const { name, isFolder } of names) if (isFolder && name !== '.ledger') parts.push(await countBelow(path.join(base, name), name, seen));
  const loose = names.filter(({ isFolder }) => !isFolder).map(({ name }) => path.join(base, name));
  if (loose.length > 0) parts.push(await countFiles(loose, 'files of the base folder', seen));
  for (const { name, isFolder } of await entriesOf(path.join(base, '.ledger'))) {
    const file = path.join(base, '.ledger', name);
    parts.push(isFolder ? await countBelow(file, `.ledger/${name}`, seen) : await countFiles([file], `.ledger/${name}`, seen));
  }
  return parts.sort((a, b) => b.bytes - a.bytes);
}

async function countBelow(folder: string, part: string, seen: Set<string>): Promise<Space> {
  let { files, bytes } = { files: 0, bytes: 0 };
  const add = async (below: string): Promise<void> => {
    const entries = await entriesOf(below);
    const own = await countFiles([below, ...entries.filter(({ isFolder }) => !isFolder).map(({ name }) => path.join(below, name))], part, seen);
    files += own.files - 1;
    bytes += own.bytes;
    for (const { name, isFolder } of entries) if (isFolder) await add(path.join(below, name));
  };
  await add(folder);
  return { part, files, bytes };
}

async function countFiles(names: readonly string[], part: string, seen: Set<string>): Promise<Space> {
  const stats = await Promise.all(names.map((name) => lstat(name).catch(orGone)));
  let { files, bytes } = { files: 0, bytes: 0 };
  for (const stat of stats) {
    if (stat === null) continue;
    if (stat.nlink > 1 && !stat.isDirectory()) {
      const inode = `${stat.dev}/${stat.ino}`;
      if (seen.has(inode)) continue;
      seen.add(inode);
    }
    files += 1;
    bytes += stat.blocks * BLOCK_BYTES;
  }
  return { part, files, bytes };
}

async function entriesOf(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(orGone);
  return (entries ?? []).map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function orGone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
