import path from 'node:path';
import { messageOf } from '../../protocol/common/errors.ts';
import type { JsonObject } from '../brainstem/contract.ts';
import type { WriteLayer } from './contract.ts';
import { appendLine, writeAtomic, type LedgerFs } from './file-system.ts';

export interface WriteResult {
  /** False only when nothing was kept on disk: a primary write that failed (layer 0) or layer 3. */
  readonly ok: boolean;
  readonly layer: WriteLayer;
  /** Where the data is, relative to the base folder; for a failure, where it should have gone. */
  readonly path: string;
  /** Why the layers above did not take it; null at layer 0. */
  readonly reason: string | null;
}

/** An entry that the primary tree did not take. */
export interface RefusedEntry {
  readonly id: string;
  /** Folder name of the component it belongs to. */
  readonly component: string;
  /** The file that refused it, relative to the base folder. */
  readonly path: string;
  readonly reason: string;
  readonly data: JsonObject;
}

export interface DefensiveWriterOptions {
  /** Absolute path of the mode's base folder. */
  readonly base: string;
  readonly fs: LedgerFs;
  /** Local time with offset, for the records of layers 1 and 2. */
  readonly nowIso: () => string;
}

/**
 * The four layers between an entry and its loss. No method ever throws.
 *   0 the primary tree, whole file, atomic
 *   1 `Backup_Logs/<component>/<path of the file it was meant for>.<id>.json`, one file an entry
 *   2 one line of JSON in `Emergency_Logs/<component>_emergency.log`
 *   3 not on disk: the caller counts and tells it
 * Layers 1 and 2 hold the entry alone, not the growing document it was meant for, so that a full disk costs little.
 */
export class DefensiveWriter {
  readonly #options: DefensiveWriterOptions;
  #writes = 0;

  constructor(options: DefensiveWriterOptions) {
    this.#options = options;
  }

  /** Layer 0. @param file path relative to the base folder @param text whole, or in pieces that are written one after the other */
  async writePrimary(file: string, text: string | Iterable<string>): Promise<WriteResult> {
    try {
      await writeAtomic(this.#options.fs, path.join(this.#options.base, file), text);
      return { ok: true, layer: 0, path: file, reason: null };
    } catch (error) {
      return { ok: false, layer: 0, path: file, reason: messageOf(error) };
    }
  }

  /** Layers 1 to 3, each simpler than the one before. */
  async keep(refused: RefusedEntry): Promise<WriteResult> {
    const { base, fs, nowIso } = this.#options;
    const component = fileNameOf(refused.component);
    const { path: wanted, reason, data } = refused;
    const record = { time: nowIso(), path: wanted, reason, data };
    const reasons = [reason];

    this.#writes += 1;
    const { dir, name } = path.posix.parse(wanted);
    const backup = path.posix.join('Backup_Logs', component, dir, `${name}.${fileNameOf(refused.id)}-${this.#writes}.json`);
    try {
      await writeAtomic(fs, path.join(base, backup), `${JSON.stringify(record, null, 2)}\n`);
      return { ok: true, layer: 1, path: backup, reason };
    } catch (error) {
      reasons.push(`backup: ${messageOf(error)}`);
    }

    const emergency = path.posix.join('Emergency_Logs', `${component}_emergency.log`);
    try {
      await appendLine(fs, path.join(base, emergency), JSON.stringify(record));
      return { ok: true, layer: 2, path: emergency, reason: reasons.join('; ') };
    } catch (error) {
      reasons.push(`emergency log: ${messageOf(error)}`);
    }
    return { ok: false, layer: 3, path: wanted, reason: reasons.join('; ') };
  }

  /** Removes a layer 1 file whose entry has reached the primary tree. A file that will not go does no harm. */
  async forget(backup: string): Promise<void> {
    await this.#options.fs.unlink(path.join(this.#options.base, backup)).catch(() => {});
  }
}

/** A name that is safe as one part of a path, whatever the caller put in. */
function fileNameOf(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9._-]+/g, '_').replace(/^\.+/, '_').slice(0, 120);
  return safe === '' ? 'unnamed' : safe;
}
