import path from 'node:path';
import { isObject } from '../../../protocol/common/json.ts';
import type { Disk } from '../disk/disk.ts';
import { isMissing } from '../disk/disk.ts';
import { readWhole, writeWhole } from '../disk/files.ts';

/**
 * What was taken out of a ledger on purpose, `.ledger/history.json`: without it, a check could not tell an owner's
 * retention from a hole. Written before anything is removed.
 */
export interface History {
  /** Where the journal begins now; null while it begins with record 1. */
  readonly begins: Beginning | null;
  /** Time folders removed by retention: `2024`, `2025/03`. */
  readonly removed_periods: readonly string[];
  readonly archived: readonly Archived[];
}

export interface Beginning {
  /** Number of the first record that is kept. Older ones may still be there when the removal was cut short, and do not count. */
  readonly seq: number;
  /** Chain value that record follows from. */
  readonly chain: string;
  /** When that was decided, ms since the epoch. */
  readonly decided_at_ms: number;
}

/** A closed year, packed. */
export interface Archived {
  readonly year: string;
  /** Relative to the base folder. */
  readonly file: string;
  readonly sha256: string;
  readonly files: number;
  /** Of the files in it. */
  readonly bytes: number;
}

export const NO_HISTORY: History = { begins: null, removed_periods: [], archived: [] };

/** @param base absolute path of the base folder @throws the disk's error, SyntaxError for a damaged file */
export async function readHistory(disk: Disk, base: string): Promise<History> {
  try {
    const read: unknown = JSON.parse((await readWhole(disk, fileOf(base))).toString('utf8'));
    return isObject(read) ? { ...NO_HISTORY, ...(read as unknown as History) } : NO_HISTORY;
  } catch (error) {
    if (isMissing(error)) return NO_HISTORY;
    throw error;
  }
}

/** Durable when it resolves. @throws the disk's error */
export async function writeHistory(disk: Disk, base: string, history: History): Promise<void> {
  await writeWhole(disk, fileOf(base), Buffer.from(`${JSON.stringify(history, null, 2)}\n`));
}

function fileOf(base: string): string {
  return path.join(base, '.ledger', 'history.json');
}
