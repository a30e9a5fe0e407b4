import path from 'node:path';
import { RigError } from '../../protocol/common/errors.ts';
import { BLOCK, isMissing, type Disk, type DiskFile } from '../ledger/disk/disk.ts';
import { ensureFolder, readWhole } from '../ledger/disk/files.ts';
import { sha256Hex } from './canonical-json.ts';

const SUM_DIGITS = 16;
const LINE = new RegExp(`^([0-9a-f]{${SUM_DIGITS}}) (.*)$`, 's');

/**
 * The truth about a hunt: one line a record, its checksum before it, synced before anybody acts on it. What a kill or a
 * power cut leaves of the last line is taken away when it is opened again. A line fills whole blocks with spaces at its end:
 * a card that loses power while it writes may spoil the block it writes to, and so none that was synced before.
 */
export class Journal<T> {
  readonly #disk: Disk;
  readonly #file: string;
  #handle: DiskFile | null = null;
  #end = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(disk: Disk, file: string) {
    this.#disk = disk;
    this.#file = file;
  }

  /**
   * Opens or creates it. @returns all records, oldest first
   * @throws RigError E_HUNT_JOURNAL when a line before the last is damaged; the disk's error
   */
  async open(): Promise<T[]> {
    await ensureFolder(this.#disk, path.dirname(this.#file));
    let bytes: Buffer = Buffer.alloc(0);
    try {
      bytes = await readWhole(this.#disk, this.#file);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    const { records, end } = this.#parse(bytes);
    this.#end = end;
    this.#handle = await this.#disk.open(this.#file, 'update').catch((error: unknown) => {
      if (!isMissing(error)) throw error;
      return this.#disk.open(this.#file, 'create');
    });
    if (end < bytes.length) await this.#handle.truncate(end);
    await this.#handle.datasync();
    await this.#disk.syncFolder(path.dirname(this.#file));
    return records;
  }

  /** Resolves once the record is on the disk. One after the other, however many are asked for. @throws the disk's error */
  append(record: T): Promise<void> {
    const next = this.#last.then(() => this.#write(record));
    this.#last = next.catch(() => {});
    return next;
  }

  async close(): Promise<void> {
    await this.#last;
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }

  async #write(record: T): Promise<void> {
    if (this.#handle === null) throw new RigError('E_HUNT_JOURNAL', 'the journal of the hunt is closed');
    const json = JSON.stringify(record);
    const line = Buffer.from(`${sha256Hex(json).slice(0, SUM_DIGITS)} ${json}\n`);
    const bytes = Buffer.alloc(Math.ceil(line.length / BLOCK) * BLOCK, ' ');
    line.copy(bytes, 0, 0, line.length - 1);
    bytes[bytes.length - 1] = 0x0a;
    await this.#handle.write(bytes, this.#end);
    await this.#handle.datasync();
    // Only now: a record that failed half way is overwritten by the next.
    this.#end += bytes.length;
  }

  #parse(bytes: Buffer): { records: T[]; end: number } {
    const records: T[] = [];
    let end = 0;
    for (let start = 0, number = 1; start < bytes.length; number++) {
      const feed = bytes.indexOf(0x0a, start);
      const record = feed < 0 ? null : readLine(bytes.subarray(start, feed).toString('utf8'));
      if (record === null) {
        // Only the last record may be torn, and nothing that was synced comes behind it.
        if (anyWhole(bytes.subarray(start))) throw new RigError('E_HUNT_JOURNAL', `${this.#file}:${number}: the line is damaged`, { context: { file: this.#file, line: number } });
        return { records, end };
      }
      records.push(record.value as T);
      end = start = feed + 1;
    }
    return { records, end };
  }
}

/** Null for a line that is not whole. */
export function readLine(line: string): { readonly value: unknown } | null {
  const [, sum, json] = LINE.exec(line.trimEnd()) ?? [];
  if (json === undefined || sha256Hex(json).slice(0, SUM_DIGITS) !== sum) return null;
  return { value: JSON.parse(json) as unknown };
}

const anyWhole = (bytes: Buffer): boolean => bytes.toString('utf8').split('\n').some((line) => readLine(line) !== null);
