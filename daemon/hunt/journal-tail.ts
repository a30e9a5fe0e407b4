import type { Disk } from '../ledger/disk/disk.ts';
import { isMissing } from '../ledger/disk/disk.ts';
import { readLine } from './journal.ts';

const CHUNK = 1 << 20;

/** Reads a journal that somebody else may be writing: only what is new since the last look. */
export class JournalTail<T> {
  readonly #disk: Disk;
  readonly #file: string;
  readonly #onRecord: (record: T) => void;
  #ino: number | null = null;
  #size = 0;
  #mtimeMs = 0;
  /** Where the first line begins that was not whole yet. */
  #end = 0;

  constructor(disk: Disk, file: string, onRecord: (record: T) => void) {
    this.#disk = disk;
    this.#file = file;
    this.#onRecord = onRecord;
  }

  /** Whether there was nothing behind the last whole line at the last look. */
  get isWhole(): boolean {
    return this.#size >= 0;
  }

  /**
   * Hands over the records that were added. A line that is not whole is looked at again next time: it is still being
   * written, or a kill tore it and its hunt will take it away.
   * @returns `same` nothing is new, `read` there was something, `other` this is another file than before, or what was read of
   *   it is not in it any more: a new tail has to begin at its beginning; `gone` there is no such file
   * @throws the disk's error
   */
  async catchUp(): Promise<'same' | 'read' | 'other' | 'gone'> {
    try {
      const stat = await this.#disk.stat(this.#file);
      if (this.#ino !== null && (stat.ino !== this.#ino || stat.size < this.#end)) return 'other';
      if (stat.ino === this.#ino && stat.size === this.#size && stat.mtimeMs === this.#mtimeMs) return 'same';
      const isWhole = await this.#read();
      this.#ino = stat.ino;
      // A line that is just being written may become whole without a change of either.
      [this.#size, this.#mtimeMs] = isWhole ? [stat.size, stat.mtimeMs] : [-1, -1];
      return 'read';
    } catch (error) {
      if (isMissing(error)) return 'gone';
      throw error;
    }
  }

  /** @returns whether the last line was whole */
  async #read(): Promise<boolean> {
    const handle = await this.#disk.open(this.#file, 'read');
    try {
      let bytes = Buffer.alloc(CHUNK);
      for (;;) {
        const got = await handle.read(bytes, this.#end);
        let start = 0;
        for (let feed = bytes.indexOf(0x0a); feed >= 0 && feed < got; feed = bytes.indexOf(0x0a, start)) {
          const line = readLine(bytes.subarray(start, feed).toString('utf8'));
          if (line === null) return false;
          this.#onRecord(line.value as T);
          this.#end += feed + 1 - start;
          start = feed + 1;
        }
        if (got < bytes.length) return start === got;
        // A line that is longer than what is read at once.
        if (start === 0) bytes = Buffer.alloc(2 * bytes.length);
      }
    } finally {
      await handle.close();
    }
  }
}
