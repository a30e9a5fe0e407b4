import type { JsonObject } from '../../brainstem/contract.ts';
import { isObject } from '../../../protocol/common/json.ts';
import { isMissing, type Disk } from '../disk/disk.ts';
import { readWhole, withFile } from '../disk/files.ts';

/** What a file under a public name tells about itself. */
export interface PublicFile {
  /** Sequence number of the last record in it; null when it is none of ours. */
  readonly throughSeq: number | null;
  /** A document without a single entry, as laid out at start. */
  readonly isPlaceholder: boolean;
  /** An index's list of files; empty unless asked for. */
  readonly sources: readonly string[];
}

/** `metadata` comes first in every file. */
const FRONT_BYTES = 4096;
/** Placeholders are small. */
const LARGEST_PLACEHOLDER = 64 * 1024;

/** Null when there is no such file. @param withSources for an index: reads all of it @throws the disk's error */
export async function readPublic(disk: Disk, file: string, withSources = false): Promise<PublicFile | null> {
  try {
    return await withFile(disk, file, 'read', async (handle) => {
      const { size } = await handle.stat();
      const front = Buffer.alloc(Math.min(size, FRONT_BYTES));
      await handle.read(front, 0);
      const seq = /"through_seq": (\d+)/.exec(front.toString())?.[1];
      const throughSeq = seq === undefined ? null : Number(seq);
      if (throughSeq === null && size > LARGEST_PLACEHOLDER) return { throughSeq, isPlaceholder: false, sources: [] };
      if (throughSeq !== null && !withSources) return { throughSeq, isPlaceholder: false, sources: [] };
      const json = parse(await readWhole(disk, file));
      if (json === null) return { throughSeq: null, isPlaceholder: false, sources: [] };
      const sources = isObject(json.summary) && Array.isArray(json.summary.data_sources) ? json.summary.data_sources.filter((source) => typeof source === 'string') : [];
      // One of ours says what it is; a stranger's document without lists is not empty for that.
      return { throughSeq, isPlaceholder: throughSeq === null && isObject(json.metadata) && isEmpty(json), sources };
    });
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function parse(bytes: Buffer): JsonObject | null {
  try {
    const json: unknown = JSON.parse(bytes.toString());
    return isObject(json) ? json : null;
  } catch {
    return null;
  }
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return !isObject(value) || Object.values(value).every(isEmpty);
}
