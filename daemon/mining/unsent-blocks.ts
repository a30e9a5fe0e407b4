import { mkdir, readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { writeWhole } from '../brainstem/files.ts';
import type { SolvedBlock } from './block-delivery.ts';

/** Blocks of test chains are worth nothing and may come by the hundred; of the main chain every one is kept. */
const MOST_TEST_FILES = 100;

/**
 * Keeps blocks that no node took as files with their hex, so that a person can still send them:
 * `bitcoin-cli -stdin submitblock < file`.
 */
export class UnsentBlocks {
  readonly #log: Log;
  #base: string | null = null;
  #folder = '';

  constructor(log: Log) {
    this.#log = log;
  }

  /** Where files go from now on. @param base absolute @param folder relative to it, with `/`; made when it is first needed */
  open(base: string, folder: string): void {
    this.#base = base;
    this.#folder = folder;
  }

  /** Writes the block. Gives the file's path relative to the base folder; null when it could not be written. Never rejects. */
  async keep(block: SolvedBlock): Promise<string | null> {
    if (this.#base === null) return null;
    const file = this.#fileOf(block);
    try {
      const folder = path.join(this.#base, this.#folder);
      await mkdir(folder, { recursive: true });
      if (block.chain !== 'main' && (await readdir(folder)).length >= MOST_TEST_FILES) return null;
      await writeWhole(path.join(this.#base, file), Buffer.concat([block.hex, Buffer.from('\n')]));
      this.#log.error({ height: block.height, hash: block.hash, file: path.join(this.#base, file) }, 'a block that no node has taken yet is kept in a file: bitcoin-cli -stdin submitblock < file');
      return file;
    } catch (error) {
      this.#log.error({ height: block.height, hash: block.hash, err: messageOf(error) }, 'a block that no node has taken could not be written to the disk');
      return null;
    }
  }

  /** A node has it after all. Never rejects. */
  async remove(block: SolvedBlock): Promise<void> {
    if (this.#base !== null) await unlink(path.join(this.#base, this.#fileOf(block))).catch(() => {});
  }

  #fileOf(block: SolvedBlock): string {
    return `${this.#folder}/block_${block.height}_${block.hash}.hex`;
  }
}
