import path from 'node:path';
import { BLOCK, isMissing, type Disk, type DiskFile } from '../disk/disk.ts';
import type { DurableFolders } from '../disk/durable-folders.ts';

export interface LineFileOptions {
  readonly disk: Disk;
  readonly folders: DurableFolders;
  /** Absolute path. */
  readonly file: string;
  readonly maxBytes: number;
}

export const LF = Buffer.from('\n');

/**
 * A file that lines are added to, with as little as can be asked of a disk. Each append begins on a block of its own:
 * a cut in the middle of it may ruin the block that is being written, and no line in it was said to be there.
 */
export class LineFile {
  readonly #options: LineFileOptions;
  readonly #folder: string;
  /** The file's name is durable. */
  #named = false;

  constructor(options: LineFileOptions) {
    this.#options = options;
    this.#folder = path.dirname(options.file);
  }

  /** @throws Error when a line alone is bigger than the file may be */
  check(line: Buffer): void {
    if (line.length + LF.length > this.#options.maxBytes) throw new Error(`a line of ${line.length} bytes does not fit into ${path.basename(this.#options.file)}`);
  }

  /**
   * Appends the first of these lines, as many as there is room for. They survive a power cut when this resolves.
   * @param lines each with its LF
   * @returns how many, the offset of the first one, and whether the file did not exist before
   * @throws the disk's error; no line is there then, or, where the disk takes nothing back, some are
   */
  async append(lines: readonly Buffer[]): Promise<{ readonly count: number; readonly start: number; readonly fresh: boolean }> {
    await this.#options.folders.ensure(this.#folder);
    const { handle, fresh } = await this.#open();
    try {
      const { size } = await handle.stat();
      const position = Math.ceil(size / BLOCK) * BLOCK;
      const start = position + LF.length;
      const fits = this.#fitting(lines, start);
      if (fits.length > 0) await this.#write(handle, Buffer.concat([LF, ...fits]), position);
      return { count: fits.length, start, fresh };
    } finally {
      // What was to be durable is; a handle that does not close cleanly changes nothing about it.
      await handle.close().catch(() => {});
    }
  }

  #fitting(lines: readonly Buffer[], start: number): readonly Buffer[] {
    let end = start;
    const tooMany = lines.findIndex((line) => (end += line.length) > this.#options.maxBytes);
    return tooMany < 0 ? lines : lines.slice(0, tooMany);
  }

  async #open(): Promise<{ handle: DiskFile; fresh: boolean }> {
    const { disk, file } = this.#options;
    try {
      return { handle: await disk.open(file, 'update'), fresh: false };
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    this.#named = false;
    return { handle: await disk.open(file, 'create'), fresh: true };
  }

  async #write(handle: DiskFile, bytes: Buffer, position: number): Promise<void> {
    try {
      await handle.write(bytes, position);
      await handle.datasync();
      if (!this.#named) await this.#options.disk.syncFolder(this.#folder);
      this.#named = true;
    } catch (error) {
      // Only to the block's edge: a block that holds good lines is not touched.
      await handle.truncate(position).catch(() => {});
      throw error;
    }
  }

  /** Gives the file another name, in place of what has that name; the next append begins a new one. @throws the disk's error */
  async moveTo(name: string): Promise<void> {
    await this.#options.disk.rename(this.#options.file, name);
    this.#named = false;
  }

  /** Its name stands for another file now, or may do so. */
  replaced(): void {
    this.#named = false;
  }
}
