import path from 'node:path';
import type { Disk } from '../disk/disk.ts';
import { readPublic, type PublicFile } from '../views/public-file.ts';

/** Folders below a base folder that hold no files of the tree. */
const ASIDE: ReadonlySet<string> = new Set(['.ledger', 'Backup_Logs', 'Emergency_Logs', 'Temporary Template', 'Archive']);
/** Reports of `rigbrain smoke`: each stands for itself, and in no journal. */
const SMOKE_REPORT = /^User_Look_At\/[^/]+_smoke_(test|network)\.json$/;

/**
 * Every JSON file of the tree and what it tells about itself, by path relative to the base folder.
 * @param aside more folders in it that are not the ledger's @throws the disk's error
 */
export async function walkTree(disk: Disk, base: string, aside: readonly string[] = []): Promise<Map<string, PublicFile>> {
  const files = new Map<string, PublicFile>();
  const walk = async (folder: string): Promise<void> => {
    for (const name of await disk.readdir(path.join(base, folder))) {
      const relative = folder === '' ? name : `${folder}/${name}`;
      if ((folder === '' && ASIDE.has(name)) || aside.includes(relative)) continue;
      if ((await disk.stat(path.join(base, relative))).isFolder) await walk(relative);
      else if (name.endsWith('.json') && !name.startsWith('.') && !SMOKE_REPORT.test(relative)) {
        const file = await readPublic(disk, path.join(base, relative));
        if (file !== null) files.set(relative, file);
      }
    }
  };
  await walk('');
  return files;
}
