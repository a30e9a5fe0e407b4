import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { isMissing, type Disk } from '../disk/disk.ts';
import type { LedgerRecord } from '../journal/record.ts';
import { readHistory, type History } from '../upkeep/history.ts';
import type { Problem } from './problem.ts';

/** What was taken out of a ledger on purpose, as a check has to know it. */
export class HistoryCheck {
  readonly #history: History;
  readonly #base: string;
  /** Years and months whose folders are gone, `2025` and `2025/03`. */
  readonly #gone: readonly string[];

  private constructor(history: History, base: string) {
    this.#history = history;
    this.#base = base;
    this.#gone = [...history.archived.map(({ year }) => year), ...history.removed_periods];
  }

  /** @throws the disk's error */
  static async read(disk: Disk, base: string): Promise<HistoryCheck> {
    return new HistoryCheck(await readHistory(disk, base), base);
  }

  /** True for a file of a period that was archived or removed: it need not be there. */
  mayBeGone(file: string): boolean {
    return this.#gone.some((period) => file.includes(`/${period}/`));
  }

  /** True when the journal begins with this record because older ones were removed on purpose. */
  explains({ seq }: LedgerRecord): boolean {
    return this.#history.begins?.seq === seq;
  }

  /** Archives that are not there or not what they were. @throws the disk's error */
  async problems(): Promise<Problem[]> {
    const problems: Problem[] = [];
    for (const { year, file, sha256 } of this.#history.archived) {
      const is = await digestOf(path.join(this.#base, file));
      if (is === null) problems.push({ kind: 'missing', where: file, what: `the archive of ${year} is not there` });
      else if (is !== sha256) problems.push({ kind: 'file', where: file, what: `it is not the archive of ${year} that was made: its SHA-256 is ${is}` });
    }
    return problems;
  }
}

async function digestOf(file: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  return hash.digest('hex');
}
