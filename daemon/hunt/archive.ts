import path from 'node:path';
import { RigError } from '../../protocol/common/errors.ts';
import type { Disk } from '../ledger/disk/disk.ts';
import { isMissing } from '../ledger/disk/disk.ts';
import { readWhole, statOrNull } from '../ledger/disk/files.ts';
import { nodeDisk } from '../ledger/disk/node-disk.ts';
import type { HuntStatus } from '../telemetry/state.ts';
import type { HuntDetail, HuntSummary, HuntTableRow, RowOrder } from './archive-types.ts';
import { FIELD_FOLDER, fieldName, readField, type FieldArtifact } from './artifact.ts';
import { GOLDEN_NAME, type Golden } from './golden.ts';
import { filesOf, fileWithin } from './hunt-files.ts';
import { readMarker } from './hunt-marker.ts';
import { HuntView } from './hunt-view.ts';
import { JOURNAL_NAME, PROVENANCE_FOLDER } from './hunter.ts';
import { JournalTail } from './journal-tail.ts';
import { provenanceName, readProvenance, type Provenance } from './provenance.ts';
import type { HuntEntry, HuntRow } from './record.ts';

/** Hunts whose rows are kept in memory; of the others only their summary. */
const VIEWS_KEPT = 4;
const LEAST_PREFIX = 4;

export interface HuntArchiveOptions {
  /** Of all hunts; need not be there. */
  readonly folder: string;
  readonly disk?: Disk;
  /** The hunt this process runs, with its state; null = it runs none. */
  readonly live?: () => { readonly hunt_id: string; readonly status: HuntStatus } | null;
  /** Whether any process runs a hunt of this folder. Default: none does. */
  readonly isHeld?: () => Promise<boolean>;
}

interface Known {
  readonly folder: string;
  view: HuntView | null;
  tail: JournalTail<HuntEntry> | null;
  /** What `summary` and `id` were read from. */
  stamp: string;
  summary: HuntSummary | null;
  last: Promise<unknown>;
}

/**
 * Reads the hunts of a folder, beside whoever runs one of them: their journals only grow, and a last line that is torn is one
 * that is being written. What was read once is read again only where it has grown.
 */
export class HuntArchive {
  readonly folder: string;
  readonly #disk: Disk;
  readonly #options: HuntArchiveOptions;
  /** By name of the hunt's folder; those used last come last. */
  readonly #known = new Map<string, Known>();

  constructor(options: HuntArchiveOptions) {
    this.folder = options.folder;
    this.#options = options;
    this.#disk = options.disk ?? nodeDisk;
  }

  /** Newest first. @throws the disk's error */
  async list(): Promise<HuntSummary[]> {
    const running = await this.#running();
    const found: HuntSummary[] = [];
    for (const name of await this.#names()) {
      const summary = await this.#summary(this.#knownOf(name), running);
      if (summary !== null) found.push(summary);
    }
    return found.sort((a, b) => (a.created_utc < b.created_utc ? 1 : a.created_utc > b.created_utc ? -1 : 0));
  }

  /** @param id of a hunt, the beginning of one (four characters or more), or the name of its folder @throws RigError E_HUNT_UNKNOWN; the disk's error */
  async detail(id: string): Promise<HuntDetail> {
    const running = await this.#running();
    return this.#look(await this.#find(id), async (view, folder) => ({
      summary: await this.#summaryOf(view, folder, running),
      settings: view.record.settings,
      generations: view.generations(),
      golden: await this.#golden(folder),
      files: await filesOf(this.#disk, path.join(this.folder, folder)),
    }));
  }

  /** @param page `order`: best first for a score, those without one last @throws RigError E_HUNT_UNKNOWN; the disk's error */
  async rows(id: string, page: { readonly offset: number; readonly limit: number; readonly order: RowOrder }): Promise<{ readonly total: number; readonly rows: readonly HuntTableRow[] }> {
    return this.#look(await this.#find(id), (view) => view.rows(page));
  }

  /** The file of a job. @throws RigError E_HUNT_UNKNOWN: no such job, or it has not ended; the disk's error */
  async provenance(id: string, jobUuid: string): Promise<Provenance> {
    const { folder } = await this.#job(id, jobUuid);
    const file = path.join(this.folder, folder, PROVENANCE_FOLDER, provenanceName(jobUuid));
    const found = readProvenance((await this.#orUnknown(readWhole(this.#disk, file), `job ${jobUuid} has no provenance file yet`)).toString('utf8'));
    if (found === null) throw unknown(`${file} is no provenance file of this version`);
    return found;
  }

  /** The last state of a job's run. @throws RigError E_HUNT_UNKNOWN: no such job, or its field is not kept; E_HUNT_STEP: a damaged file */
  async field(id: string, jobUuid: string): Promise<FieldArtifact> {
    const { folder } = await this.#job(id, jobUuid);
    return this.#orUnknown(readField(this.#disk, path.join(this.folder, folder, FIELD_FOLDER, fieldName(jobUuid))), `the field of job ${jobUuid} is not there: it has none yet, left none, or it was cleared away (hunt.keep_fields)`);
  }

  /** The golden run, null when there is none (yet). @throws RigError E_HUNT_UNKNOWN; the disk's error */
  async golden(id: string): Promise<Golden | null> {
    return this.#golden((await this.#find(id)).folder);
  }

  /**
   * Where a file of a hunt is: one of `HuntDetail.files`, or the provenance or field file of a job.
   * @param name relative, with `/` @throws RigError E_HUNT_UNKNOWN for anything else, also for what leads out of the folder
   */
  async filePath(id: string, name: string): Promise<string> {
    const { folder } = await this.#find(id);
    const file = await fileWithin(this.#disk, path.join(this.folder, folder), name);
    if (file === null) throw unknown(`hunt ${id} has no file ${JSON.stringify(name.slice(0, 200))}`);
    return file;
  }

  /** Absolute folder of a hunt. @throws RigError E_HUNT_UNKNOWN; the disk's error */
  async folderOf(id: string): Promise<string> {
    return path.join(this.folder, (await this.#find(id)).folder);
  }

  async #job(id: string, jobUuid: string): Promise<{ readonly folder: string; readonly row: HuntRow }> {
    return this.#look(await this.#find(id), (view, folder) => {
      const row = view.record.row(jobUuid);
      if (row === undefined) throw unknown(`hunt ${view.record.huntId} has no job ${JSON.stringify(jobUuid.slice(0, 64))}`);
      return { folder, row };
    });
  }

  async #golden(folder: string): Promise<Golden | null> {
    try {
      return JSON.parse((await readWhole(this.#disk, path.join(this.folder, folder, GOLDEN_NAME))).toString('utf8')) as Golden;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async #orUnknown<T>(work: Promise<T>, why: string): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (isMissing(error)) throw unknown(why);
      throw error;
    }
  }

  async #names(): Promise<string[]> {
    try {
      return (await this.#disk.readdir(this.folder)).filter((name) => !name.startsWith('.'));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  #knownOf(folder: string): Known {
    let known = this.#known.get(folder);
    if (known === undefined) this.#known.set(folder, (known = { folder, view: null, tail: null, stamp: '', summary: null, last: Promise.resolve() }));
    return known;
  }

  async #find(id: string): Promise<Known> {
    const isMatch = (summary: HuntSummary): boolean => summary.hunt_id === id || summary.folder === id;
    for (const known of this.#known.values()) if (known.summary !== null && isMatch(known.summary)) return known;
    const all = await this.list();
    const exact = all.find(isMatch);
    const near = exact !== undefined || id.length < LEAST_PREFIX ? [] : all.filter(({ hunt_id }) => hunt_id.startsWith(id));
    const found = exact ?? (near.length === 1 ? near[0] : undefined);
    if (found === undefined) throw unknown(near.length > 1 ? `${near.length} hunts begin with ${id}` : `there is no hunt ${JSON.stringify(id.slice(0, 100))} in ${this.folder}`);
    return this.#knownOf(found.folder);
  }

  /** Null for a folder that is none of a hunt. */
  async #summary(known: Known, running: Running): Promise<HuntSummary | null> {
    const stat = await statOrNull(this.#disk, path.join(this.folder, known.folder, JOURNAL_NAME)).catch(ignoreNoFolder);
    if (stat === null) return null;
    if (known.summary !== null && known.stamp === stampOf(stat)) return { ...known.summary, status: statusOf(known.summary, running), has_golden: await this.#hasGolden(known.folder) };
    try {
      return await this.#look(known, (view, folder) => this.#summaryOf(view, folder, running));
    } catch (error) {
      if (error instanceof RigError && error.code === 'E_HUNT_UNKNOWN') return null;
      throw error;
    }
  }

  async #summaryOf(view: HuntView, folder: string, running: Running): Promise<HuntSummary> {
    const summary = view.summary({ folder, status: view.isComplete ? 'completed' : 'stopped', has_golden: await this.#hasGolden(folder) });
    this.#knownOf(folder).summary = summary;
    return { ...summary, status: statusOf(summary, running) };
  }

  async #hasGolden(folder: string): Promise<boolean> {
    return (await statOrNull(this.#disk, path.join(this.folder, folder, GOLDEN_NAME))) !== null;
  }

  /** Looks at a hunt as it is now; one look after the other. @throws RigError E_HUNT_UNKNOWN when it is not there (any more) */
  #look<T>(known: Known, use: (view: HuntView, folder: string) => T | Promise<T>): Promise<T> {
    const next = known.last.then(async () => {
      const view = await this.#current(known);
      this.#forgetOthers(known);
      return use(view, known.folder);
    });
    known.last = next.catch(() => {});
    return next;
  }

  async #current(known: Known): Promise<HuntView> {
    const file = path.join(this.folder, known.folder, JOURNAL_NAME);
    // A journal that was taken away and came back is read from its beginning; not for ever.
    for (let attempt = 0; attempt < 3; attempt++) {
      const view = known.view ?? new HuntView();
      const tail = known.tail ?? new JournalTail<HuntEntry>(this.#disk, file, (entry) => view.apply(entry));
      [known.view, known.tail] = [view, tail];
      const before = await statOrNull(this.#disk, file);
      const outcome = await tail.catchUp();
      if ((outcome === 'same' || outcome === 'read') && view.record.huntId !== '') {
        known.stamp = tail.isWhole && before !== null ? stampOf(before) : '';
        return view;
      }
      [known.view, known.tail, known.summary, known.stamp] = [null, null, null, ''];
      if (outcome !== 'other') break;
    }
    throw unknown(`${path.join(this.folder, known.folder)} holds no hunt`);
  }

  #forgetOthers(used: Known): void {
    this.#known.delete(used.folder);
    this.#known.set(used.folder, used);
    const loaded = [...this.#known.values()].filter(({ view }) => view !== null);
    for (const old of loaded.slice(0, -VIEWS_KEPT)) [old.view, old.tail] = [null, null];
  }

  async #running(): Promise<Running> {
    const live = this.#options.live?.() ?? null;
    if (live !== null) return live;
    if (!((await this.#options.isHeld?.()) ?? false)) return null;
    return readMarker(this.#disk, this.folder);
  }
}

type Running = { readonly hunt_id: string; readonly status: HuntStatus } | null;

const statusOf = ({ hunt_id, status }: HuntSummary, running: Running): HuntStatus => (running?.hunt_id === hunt_id ? running.status : status);

const stampOf = ({ ino, size, mtimeMs }: { readonly ino: number; readonly size: number; readonly mtimeMs: number }): string => `${ino}/${size}/${mtimeMs}`;

const unknown = (message: string): RigError => new RigError('E_HUNT_UNKNOWN', message);

/** A file where a folder of a hunt would be. */
function ignoreNoFolder(error: unknown): null {
  if ((error as NodeJS.ErrnoException | null)?.code === 'ENOTDIR') return null;
  throw error;
}
