import path from 'node:path';
import { RigError } from '../../protocol/common/errors.ts';
import { BLOCK, isMissing, type Disk, type DiskFile } from '../ledger/disk/disk.ts';
import { ensureFolder, withFile } from '../ledger/disk/files.ts';
import { sha256Hex } from './canonical-json.ts';

const SUM_DIGITS = 16;
/** What is read at once, unless a line is longer. */
const PIECE = 1 << 20;
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
    const { records, end, size } = await this.#read();
    this.#end = end;
    this.#handle = await this.#disk.open(this.#file, 'update').catch((error: unknown) => {
      if (!isMissing(error)) throw error;
      return this.#disk.open(this.#file, 'create');
    });
    if (end < size) await this.#handle.truncate(end);
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

  /** A piece at a time: a long hunt has hundreds of megabytes, and its daemon has other things to do meanwhile. */
  async #read(): Promise<{ readonly records: T[]; readonly end: number; readonly size: number }> {
    const records: T[] = [];
    try {
      return await withFile(this.#disk, this.#file, 'read', async (handle) => {
        const { size } = await handle.stat();
        const end = await this.#readLines(handle, (record) => records.push(record));
        if (end < size) {
          const rest = Buffer.alloc(size - end);
          // Only the last record may be torn, and nothing that was synced comes behind it.
          if (anyWhole(rest.subarray(0, await handle.read(rest, end)))) throw new RigError('E_HUNT_JOURNAL', `${this.#file}:${records.length + 1}: the line is damaged`, { context: { file: this.#file, line: records.length + 1 } });
        }
        return { records, end, size };
      });
    } catch (error) {
      if (isMissing(error)) return { records, end: 0, size: 0 };
      throw error;
    }
  }

  /** @returns where the last whole line ends */
  async #readLines(handle: DiskFile, take: (record: T) => void): Promise<number> {
    let piece = Buffer.alloc(PIECE);
    for (let end = 0; ; ) {
      const got = await handle.read(piece, end);
      let start = 0;
      for (let feed = piece.indexOf(0x0a); feed >= 0 && feed < got; feed = piece.indexOf(0x0a, start)) {
        const record = readLine(piece.subarray(start, feed).toString('utf8'));
        if (record === null) return end + start;
        take(record.value as T);
        start = feed + 1;
      }
      end += start;
      if (got < piece.length) return end;
      // A line that is longer than what is read at once.
      if (start === 0) piece = Buffer.alloc(2 * piece.length);
    }
  }
}

/** Null for a line that is not whole. */
export function readLine(line: string): { readonly value: unknown } | null {
  const [, sum, json] = LINE.exec(line.trimEnd()) ?? [];
  if (json === undefined || sha256Hex(json).slice(0, SUM_DIGITS) !== sum) return null;
  return { value: JSON.parse(json) as unknown };
}

const anyWhole = (bytes: Buffer): boolean => bytes.toString('utf8').split('\n').some((line) => readLine(line) !== null);
