import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { Disk } from '../disk/disk.ts';
import { ensureFolder, statOrNull } from '../disk/files.ts';
import type { Archived } from './history.ts';
import { filesBelow, type PeriodFolder, type TreeFile } from './periods.ts';
import { readTar, tarEnd, tarHeader, tarPadding } from './tar.ts';

/** A closed year's folders all over the tree, and the files in them. */
export interface ClosedYear {
  readonly year: string;
  readonly folders: readonly PeriodFolder[];
  readonly files: readonly TreeFile[];
  readonly bytes: number;
}

/** The years among folders that are over. @param before the first year that is not, e.g. `2026` */
export async function closedYears(base: string, folders: readonly PeriodFolder[], before: string): Promise<ClosedYear[]> {
  const years = [...new Set(folders.map((folder) => folder.period))].filter((year) => year < before).sort();
  return await Promise.all(
    years.map(async (year) => {
      const own = folders.filter((folder) => folder.period === year);
      const files = (await Promise.all(own.map((folder) => filesBelow(base, folder.path)))).flat();
      return { year, folders: own, files, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
    }),
  );
}

/**
 * Packs a year into `Archive/<year>.tar.gz`; every file is compared with what is in the archive before that gets its name.
 * The files themselves stay: `removeArchived` takes them away.
 * @param listed archives made before, which are never replaced
 * @throws the file system's error, or an Error when the archive read back is not the same; there is then no archive
 */
export async function archiveYear(disk: Disk, base: string, { year, files, bytes }: ClosedYear, listed: readonly Archived[]): Promise<Archived> {
  const folder = path.join(base, 'Archive');
  await ensureFolder(disk, folder);
  const name = await freeName(disk, base, year, listed);
  const temporary = path.join(folder, `.${path.basename(name)}.tmp`);
  try {
    const sums = new Map<string, string>();
    await rm(temporary, { force: true });
    await pipeline(() => tarOf(base, files, sums), createGzip({ level: 9 }), createWriteStream(temporary, { flags: 'wx' }));
    await syncFile(temporary);
    const sha256 = await verify(temporary, sums);
    await rename(temporary, path.join(base, name));
    await disk.syncFolder(folder);
    return { year, file: name, sha256, files: files.length, bytes };
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Takes the folders of an archived year out of the tree. @throws the file system's error */
export async function removeArchived(disk: Disk, base: string, { folders }: Pick<ClosedYear, 'folders'>): Promise<void> {
  for (const folder of folders) {
    await rm(path.join(base, folder.path), { recursive: true, force: true });
    await disk.syncFolder(path.dirname(path.join(base, folder.path)));
  }
}

/** Of an archive that is not listed nothing was removed: its name may be used again. */
async function freeName(disk: Disk, base: string, year: string, listed: readonly Archived[]): Promise<string> {
  for (let part = 1; ; part += 1) {
    const name = `Archive/${year}${part === 1 ? '' : `.${part}`}.tar.gz`;
    if (!listed.some((archive) => archive.file === name) || (await statOrNull(disk, path.join(base, name))) === null) return name;
  }
}

async function* tarOf(base: string, files: readonly TreeFile[], sums: Map<string, string>): AsyncGenerator<Buffer> {
  for (const file of files) {
    yield tarHeader(file);
    const sum = createHash('sha256');
    let bytes = 0;
    for await (const piece of createReadStream(path.join(base, file.path)) as AsyncIterable<Buffer>) {
      sum.update(piece);
      bytes += piece.length;
      yield piece;
    }
    if (bytes !== file.bytes) throw new Error(`${file.path} changed while it was being archived`);
    sums.set(file.path, sum.digest('hex'));
    yield tarPadding(bytes);
  }
  yield tarEnd();
}

/** Reads an archive back. @returns its SHA-256 @throws Error when it does not hold exactly these files */
async function verify(archive: string, sums: ReadonlyMap<string, string>): Promise<string> {
  const left = new Map(sums);
  const whole = createHash('sha256');
  const tee = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      whole.update(chunk);
      yield chunk;
    }
  };
  await pipeline(createReadStream(archive), tee, createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
    await readTar(chunks, ({ path: name }) => {
      const sum = createHash('sha256');
      return {
        data: (piece) => void sum.update(piece),
        end: () => {
          if (left.get(name) !== sum.digest('hex')) throw new Error(`${name} is not the same in the archive`);
          left.delete(name);
        },
      };
    });
  });
  if (left.size > 0) throw new Error(`${[...left.keys()][0]} is not in the archive`);
  return whole.digest('hex');
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
