import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Disk } from '../disk/disk.ts';
import { readWhole, unlinkIfThere, withFile } from '../disk/files.ts';
import type { SegmentInfo } from '../journal/reader.ts';

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** The newest segments, which stay as they are: the next run reads them first, and goes back one when a header is lost. */
export const KEPT_PLAIN = 2;

/**
 * Segments that may be packed, oldest first: not packed yet, none of the newest, written no more since before `before`.
 * @param segments oldest first @param before ms since the epoch
 */
export function packable(segments: readonly SegmentInfo[], before: number): SegmentInfo[] {
  return segments.filter((segment, index) => !segment.packed && index < segments.length - KEPT_PLAIN && wasSealedBefore(segments, index, before));
}

/** A segment is sealed when the next one is begun. One whose time is not known is as young as can be. */
export function wasSealedBefore(segments: readonly SegmentInfo[], index: number, before: number): boolean {
  const sealedAt = segments.slice(index + 1).find(({ header }) => header !== null)?.header?.at;
  return sealedAt !== undefined && sealedAt < before;
}

/**
 * Replaces a segment by its gzip, `00000042.ndjson.gz`: whoever reads gets the same bytes. At every instant at least one of
 * the two is whole, and the plain one goes only after the packed one was read back.
 * @returns bytes the packed file has
 * @throws the disk's error, or an Error when what is read back is not what was written; the segment is then as it was
 */
export async function packSegment(disk: Disk, folder: string, name: string): Promise<number> {
  const plain = path.join(folder, name);
  const packed = `${plain}.gz`;
  const temporary = path.join(folder, `.${name}.gz.tmp`);
  const content = await readWhole(disk, plain);
  const bytes = await compress(content, { level: 9 });
  await unlinkIfThere(disk, temporary);
  try {
    await withFile(disk, temporary, 'create', async (handle) => {
      await handle.write(bytes, 0);
      await handle.datasync();
    });
    if (!(await expand(await readWhole(disk, temporary))).equals(content)) throw new Error(`${name} packed is not the same when read back`);
    await disk.rename(temporary, packed);
  } catch (error) {
    await unlinkIfThere(disk, temporary).catch(() => {});
    throw error;
  }
  await disk.syncFolder(folder);
  await disk.unlink(plain);
  await disk.syncFolder(folder);
  return bytes.length;
}
