import path from 'node:path';
import type { JsonObject } from '../brainstem/contract.ts';
import type { PlacedEntry } from './entries.ts';
import { typeOfId } from './entries.ts';
import { writeAtomic, type LedgerFs } from './file-system.ts';
import { isObject } from '../../protocol/common/json.ts';

/** Beside the tree's folders, hidden: nobody but the ledger has a use for it. */
export const PENDING_FILE = '.pending.json';
/** More than this are only refused entries of a disk in trouble, and those are in Backup_Logs as well. */
const MAX_PENDING = 1000;

/**
 * The entries that are accepted but not in all their files, on disk. A kill between two files of a batch leaves an
 * entry in some of them; the next run reads it here and finishes it, which ids make harmless for the files that have it.
 * What the disk does here is never an error: without this file the ledger works as before, but for that guarantee.
 */
export class PendingFile {
  readonly #file: string;
  readonly #fs: LedgerFs;
  /** True when there may be a file to remove. */
  #there = true;
  #last: Promise<unknown> = Promise.resolve();

  constructor(base: string, fs: LedgerFs) {
    this.#file = path.join(base, PENDING_FILE);
    this.#fs = fs;
  }

  /** What an earlier run did not finish. */
  async load(): Promise<PlacedEntry[]> {
    try {
      const stored: unknown = JSON.parse(await this.#fs.readFile(this.#file));
      return Array.isArray(stored) ? stored.flatMap((item) => restored(item) ?? []) : [];
    } catch {
      return [];
    }
  }

  /** Replaces the file; no entries remove it. Calls take effect in their order. */
  save(entries: readonly PlacedEntry[]): Promise<void> {
    const text = entries.length === 0 ? null : JSON.stringify(entries.slice(0, MAX_PENDING).map(stored));
    const saved = this.#last.then(() => this.#put(text)).catch(() => {});
    this.#last = saved;
    return saved;
  }

  async #put(text: string | null): Promise<void> {
    if (text !== null) {
      this.#there = true;
      await writeAtomic(this.#fs, this.#file, text);
    } else if (this.#there) {
      this.#there = false;
      await this.#fs.unlink(this.#file);
    }
  }
}

function stored({ id, category, at, entry, kept }: PlacedEntry): JsonObject {
  return { id, category, at, entry, backup: kept?.layer === 1 ? kept.path : null };
}

function restored(item: unknown): PlacedEntry | null {
  if (!isObject(item)) return null;
  const { id, category, at, entry, backup } = item;
  const type = typeOfId(id);
  if (typeof id !== 'string' || type === null || typeof category !== 'string' || typeof at !== 'number' || !isObject(entry)) return null;
  return { id, type, category, at, entry, targets: [], missing: new Set(), reason: null, kept: typeof backup === 'string' ? { layer: 1, path: backup } : null };
}
