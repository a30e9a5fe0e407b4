import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { Clock } from '../../../protocol/common/clock.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import type { WriteLayer } from '../contract.ts';
import type { Disk } from '../disk/disk.ts';
import { DurableFolders } from '../disk/durable-folders.ts';
import { readWhole, statOrNull, writeWhole } from '../disk/files.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import { patientDisk } from '../disk/patient-disk.ts';
import { sanitizeValue } from '../sanitize.ts';
import { BACKUP_LOGS, DOCUMENT_SUFFIX } from './backup-folder.ts';
import { DOCUMENTS, EMERGENCY_LOGS, EMERGENCY_SUFFIX } from './emergency-log.ts';
import { jsonLines } from './json-lines.ts';
import { insideOnly, plainName } from './kept-entry.ts';
import { LineFile } from './line-file.ts';
import { MemoryRing } from './memory-ring.ts';
import { OneAtATime } from './one-at-a-time.ts';

export interface DefensiveWriteResult {
  /** False only when no disk has it: the boolean of the seeds. */
  readonly ok: boolean;
  /** 0 the file itself, 1 Backup_Logs, 2 Emergency_Logs, 3 memory. */
  readonly layer: WriteLayer;
  /** Where it is, relative to the base folder when it is in there; for layer 3 where it should be. */
  readonly path: string;
  /** Why the layers above did not take it; null at layer 0. */
  readonly reason: string | null;
}

/**
 * Writes a whole document as JSON, as safely as the disks there are allow. Never throws, never rejects.
 *   0 the file, replaced so that its name always holds the whole old or the whole new document
 *   1 `Backup_Logs/<component>/<path of the file>.<time>.document.json`, never written a second time
 *   2 a line in `Emergency_Logs/<component>_documents_emergency.log`, bounded
 *   3 a ring in memory, bounded and counted
 * Not for entries of the ledger: those go through `Ledger`, which brings them back into the tree.
 * @param filepath absolute, or relative to the base folder of the mode; `Mining/` and `{base}/` in front mean that folder
 * @param data anything; what JSON cannot hold is put into words (see sanitize.ts)
 * @param component whose document it is, for the names of layers 1 and 2
 */
export type DefensiveWriteJson = (filepath: string, data: unknown, component: string) => Promise<DefensiveWriteResult>;

export interface DefensiveWriterOptions {
  /** Absolute path of the mode's base folder; created when a file in it is written. */
  readonly base: string;
  readonly clock: Clock;
  /** Local time with offset. */
  readonly nowIso: () => string;
  readonly disk?: Disk;
  /** Most documents and bytes in memory. Default 100 and 1 MiB. */
  readonly ring?: { readonly records: number; readonly bytes: number };
  /** Size of an emergency log; there are two of each. Default 1 MiB. */
  readonly emergencyBytes?: number;
  /** Most time one call to the disk may take, ms. Default 10,000. */
  readonly diskTimeoutMs?: number;
}

export interface DefensiveWriter {
  readonly defensiveWriteJson: DefensiveWriteJson;
  /** The name the seeds give it. */
  readonly defensive_write_json: DefensiveWriteJson;
  /** What only memory has: the newest documents no disk took, oldest first, and how many documents are gone: pushed out of the ring, or with the oldest emergency log. */
  unsaved(): { readonly documents: readonly { readonly path: string; readonly text: string }[]; readonly lost: number };
}

/** Binds `defensiveWriteJson` to a mode's folder. Touches nothing on disk until the first call. */
export function createDefensiveWriter(options: DefensiveWriterOptions): DefensiveWriter {
  const documents = new DocumentLayers(options);
  const write: DefensiveWriteJson = (filepath, data, component) => documents.write(String(filepath), data, String(component));
  return { defensiveWriteJson: write, defensive_write_json: write, unsaved: () => documents.unsaved() };
}

interface Document {
  readonly component: string;
  /** Absolute. */
  readonly file: string;
  /** As it is told. */
  readonly shown: string;
  readonly data: unknown;
}

class DocumentLayers {
  readonly #options: DefensiveWriterOptions;
  readonly #disk: Disk;
  readonly #folders: DurableFolders;
  readonly #turns = new OneAtATime();
  readonly #ring: MemoryRing<{ readonly path: string; readonly text: string }>;
  #lost = 0;

  constructor(options: DefensiveWriterOptions) {
    const { base, clock, disk = nodeDisk, diskTimeoutMs = 10_000, ring = { records: 100, bytes: 1024 * 1024 } } = options;
    this.#options = options;
    this.#disk = patientDisk(disk, clock, diskTimeoutMs);
    this.#folders = new DurableFolders(this.#disk, base);
    this.#ring = new MemoryRing(ring, ({ text }) => text.length);
  }

  unsaved(): { documents: readonly { path: string; text: string }[]; lost: number } {
    return { documents: [...this.#ring.items], lost: this.#lost };
  }

  /** @param filepath as the caller has it; `data` is copied before this returns */
  write(filepath: string, data: unknown, component: string): Promise<DefensiveWriteResult> {
    const { base } = this.#options;
    const file = path.resolve(base, filepath.replace(/^(\{base\}|Mining)(?=\/)\/+/, ''));
    const inside = path.relative(base, file);
    const shown = inside.startsWith('..') || path.isAbsolute(inside) ? file : inside;
    const document: Document = { component: plainName(component), file, shown, data: sanitizeValue(data) };
    return this.#turns.run(() => this.#writeOne(document));
  }

  async #writeOne(document: Document): Promise<DefensiveWriteResult> {
    const { shown } = document;
    const reasons: string[] = [];
    const layers: readonly [Exclude<WriteLayer, 3>, string, () => Promise<string>][] = [
      [0, '', () => this.#replace(document)],
      [1, 'backup: ', () => this.#backUp(document, reasons)],
      [2, 'emergency log: ', () => this.#appendLine(document, reasons)],
    ];
    for (const [layer, name, attempt] of layers) {
      try {
        const place = await attempt();
        return { ok: true, layer, path: place, reason: reasons.length === 0 ? null : reasons.join('; ') };
      } catch (error) {
        reasons.push(name + messageOf(error));
      }
    }
    this.#remember(document);
    return { ok: false, layer: 3, path: shown, reason: reasons.join('; ') };
  }

  #remember({ shown, data }: Document): void {
    try {
      this.#lost += this.#ring.push({ path: shown, text: textOf(data) }).length;
    } catch {
      // Longer than a string may be.
      this.#lost += 1;
    }
  }

  async #replace({ file, shown, data }: Document): Promise<string> {
    await this.#folders.ensure(path.dirname(file));
    await writeWhole(this.#disk, file, Buffer.from(textOf(data)));
    return shown;
  }

  async #backUp({ component, shown, data }: Document, reasons: readonly string[]): Promise<string> {
    const { base, clock, nowIso } = this.#options;
    const { dir, name } = path.posix.parse(insideOnly(shown));
    // Another process may keep the same document in the same millisecond.
    const unique = `${Math.floor(clock.now())}-${randomBytes(3).toString('hex')}`;
    const place = path.posix.join(BACKUP_LOGS, component, dir, `${name}.${unique}${DOCUMENT_SUFFIX}`);
    const file = path.join(base, place);
    await this.#folders.ensure(path.dirname(file));
    if ((await statOrNull(this.#disk, file)) !== null) throw new Error(`${place} exists`);
    await writeWhole(this.#disk, file, Buffer.from(textOf({ time: nowIso(), path: shown, reason: reasons.join('; '), data })));
    return place;
  }

  async #appendLine({ component, shown, data }: Document, reasons: readonly string[]): Promise<string> {
    const { base, emergencyBytes = 1024 * 1024, nowIso } = this.#options;
    const place = path.posix.join(EMERGENCY_LOGS, component + DOCUMENTS + EMERGENCY_SUFFIX);
    const file = path.join(base, place);
    const log = new LineFile({ disk: this.#disk, folders: this.#folders, file, maxBytes: emergencyBytes });
    const line = Buffer.from(`${JSON.stringify({ time: nowIso(), path: shown, reason: reasons.join('; '), data })}\n`);
    log.check(line);
    if ((await log.append([line])).count === 0) {
      const dropped = await this.#linesIn(`${file}.1`);
      await log.moveTo(`${file}.1`);
      this.#lost += dropped;
      await log.append([line]);
    }
    return place;
  }

  async #linesIn(file: string): Promise<number> {
    if ((await statOrNull(this.#disk, file)) === null) return 0;
    return [...jsonLines(await readWhole(this.#disk, file))].length;
  }
}

function textOf(data: unknown): string {
  return `${JSON.stringify(data, null, 2)}\n`;
}
