/** A hunt as files for others: a folder or a tar archive with a list of SHA-256 sums, read back before it gets its name. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import { nodeDisk } from '../ledger/disk/node-disk.ts';
import { readTar, tarEnd, tarHeader, tarPadding } from '../ledger/upkeep/tar.ts';
import type { HuntArchive } from './archive.ts';
import { fieldName, FIELD_FOLDER } from './artifact.ts';
import { sha256Hex } from './canonical-json.ts';
import { GOLDEN_NAME } from './golden.ts';
import { JOURNAL_NAME, LEDGER_NAME, PROVENANCE_FOLDER } from './hunter.ts';
import { JournalTail } from './journal-tail.ts';
import { ledgerCsv } from './ledger-csv.ts';
import { provenanceName, readProvenance } from './provenance.ts';
import { HuntRecord, type HuntEntry } from './record.ts';

export const SUMS_NAME = 'SHA256SUMS';

export interface ExportReport {
  readonly hunt_id: string;
  readonly out: string;
  readonly files: number;
  readonly bytes: number;
  /** Of the archive; null for a folder. */
  readonly sha256: string | null;
  /** What should be there and is not, or is not what it should be; the rest is exported. */
  readonly problems: readonly string[];
}

export interface ExportOptions {
  readonly archive: HuntArchive;
  readonly huntId: string;
  /** A folder that is empty or not there, or a file that ends in .tar, .tar.gz or .tgz and is not there. */
  readonly out: string;
  /** The last state of every run, too, as far as they are kept. */
  readonly fields: boolean;
}

interface Entry {
  /** Relative, with `/`. */
  readonly name: string;
  readonly bytes: Buffer;
  readonly mtimeMs: number;
}

/** `simulation_ledger.csv` as of now: the file itself is as of the last generation that began or ended. @throws RigError E_HUNT_UNKNOWN; the disk's error */
export async function currentCsv(archive: HuntArchive, huntId: string): Promise<string> {
  return ledgerCsv((await recordOf(await archive.folderOf(huntId))).rows);
}

/** @throws RigError E_HUNT_UNKNOWN, E_DATA_DIR when the place is taken or what was written does not read back; the file system's error */
export async function exportHunt({ archive, huntId, out, fields }: ExportOptions): Promise<ExportReport> {
  const folder = await archive.folderOf(huntId);
  const { summary, files } = await archive.detail(huntId);
  const problems: string[] = [];
  const entries = entriesOf(folder, files, fields, problems);
  const written = /\.(tar|tar\.gz|tgz)$/.test(out) ? await toTar(out, `hunt_${summary.hunt_id}`, entries) : await toFolder(out, entries);
  return { hunt_id: summary.hunt_id, out, ...written, problems };
}

async function recordOf(folder: string): Promise<HuntRecord> {
  const record = new HuntRecord();
  await new JournalTail<HuntEntry>(nodeDisk, path.join(folder, JOURNAL_NAME), (entry) => record.apply(entry)).catchUp();
  return record;
}

/** One file after the other, so that a long hunt needs no more memory than a short one. The list of sums comes last. */
async function* entriesOf(folder: string, files: readonly string[], fields: boolean, problems: string[]): AsyncGenerator<Entry> {
  const sums: string[] = [];
  const entry = (name: string, bytes: Buffer, mtimeMs: number): Entry => {
    sums.push(`${sha256Hex(bytes)}  ${name}\n`);
    return { name, bytes, mtimeMs };
  };
  const { rows } = await recordOf(folder);
  yield entry(LEDGER_NAME, Buffer.from(ledgerCsv(rows)), Date.now());
  const provenanceSums = new Map<string, string>();
  for (const { job, result } of rows) {
    if (result === null) continue;
    const name = `${PROVENANCE_FOLDER}/${provenanceName(job.job_uuid)}`;
    const file = await fileOrNull(path.join(folder, name), problems);
    if (file === null) continue;
    const provenance = readProvenance(file.bytes.toString('utf8'));
    if (provenance?.job_uuid !== job.job_uuid || provenance.config_hash !== job.config_hash) {
      problems.push(`${name} is not the provenance of its job`);
      continue;
    }
    provenanceSums.set(job.job_uuid, sha256Hex(file.bytes));
    yield entry(name, file.bytes, file.mtimeMs);
    const field = provenance.artifacts.field;
    if (!fields || field === null) continue;
    const fieldFile = `${FIELD_FOLDER}/${fieldName(job.job_uuid)}`;
    // Old fields are cleared away by the daemon; that is no problem.
    const state = await fileOrNull(path.join(folder, fieldFile), []);
    if (state === null) continue;
    if (sha256Hex(state.bytes) === field.sha256) yield entry(fieldFile, state.bytes, state.mtimeMs);
    else problems.push(`${fieldFile} is not what its provenance says`);
  }
  for (const name of files) {
    if (name === LEDGER_NAME) continue;
    const file = await fileOrNull(path.join(folder, name), problems);
    if (file === null) continue;
    if (name === GOLDEN_NAME) checkGolden(file.bytes, provenanceSums, problems);
    yield entry(name, file.bytes, file.mtimeMs);
  }
  yield { name: SUMS_NAME, bytes: Buffer.from(sums.join('')), mtimeMs: Date.now() };
}

function checkGolden(bytes: Buffer, provenanceSums: ReadonlyMap<string, string>, problems: string[]): void {
  try {
    const { source_job_uuid, provenance_sha256 } = JSON.parse(bytes.toString('utf8')) as { source_job_uuid: string; provenance_sha256: string };
    if (provenanceSums.get(source_job_uuid) !== provenance_sha256) problems.push(`${GOLDEN_NAME} does not follow from the provenance of its run`);
  } catch {
    problems.push(`${GOLDEN_NAME} is not JSON`);
  }
}

async function fileOrNull(file: string, problems: string[]): Promise<{ bytes: Buffer; mtimeMs: number } | null> {
  try {
    const [bytes, { mtimeMs }] = await Promise.all([readFile(file), stat(file)]);
    return { bytes, mtimeMs };
  } catch (error) {
    problems.push(messageOf(error));
    return null;
  }
}

type Written = Pick<ExportReport, 'files' | 'bytes' | 'sha256'>;

async function toFolder(out: string, entries: AsyncIterable<Entry>): Promise<Written> {
  await mkdir(out, { recursive: true }).catch(cannotWrite(out));
  if ((await readdir(out)).length > 0) throw taken(out, 'the folder is not empty');
  let files = 0;
  let bytes = 0;
  for await (const entry of entries) {
    const file = path.join(out, entry.name);
    await mkdir(path.dirname(file), { recursive: true });
    const handle = await open(file, 'wx');
    try {
      await handle.writeFile(entry.bytes);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    if (!(await readFile(file)).equals(entry.bytes)) throw taken(out, `${entry.name} does not read back as it was written`);
    files++;
    bytes += entry.bytes.length;
  }
  return { files, bytes, sha256: null };
}

async function toTar(out: string, top: string, entries: AsyncIterable<Entry>): Promise<Written> {
  if (await stat(out).then(() => true, () => false)) throw taken(out, 'the file is there already');
  const temporary = `${out}.part`;
  const isPacked = !out.endsWith('.tar');
  const sums = new Map<string, string>();
  let bytes = 0;
  async function* blocks(): AsyncGenerator<Buffer> {
    for await (const entry of entries) {
      const name = `${top}/${entry.name}`;
      sums.set(name, sha256Hex(entry.bytes));
      bytes += entry.bytes.length;
      yield tarHeader({ path: name, bytes: entry.bytes.length, mtimeMs: entry.mtimeMs });
      yield entry.bytes;
      yield tarPadding(entry.bytes.length);
    }
    yield tarEnd();
  }
  try {
    const file = createWriteStream(temporary, { flags: 'wx' });
    await (isPacked ? pipeline(blocks, createGzip(), file) : pipeline(blocks, file)).catch(cannotWrite(out));
    const handle = await open(temporary, 'r+');
    await handle.sync();
    await handle.close();
    const sha256 = await readBack(temporary, isPacked, sums, out);
    await rename(temporary, out);
    return { files: sums.size, bytes, sha256 };
  } catch (error) {
    // Not when it is another's, who writes to the same place now.
    if (!(error instanceof RigError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EEXIST')) await rm(temporary, { force: true });
    throw error;
  }
}

/** @returns the archive's own SHA-256 */
async function readBack(file: string, isPacked: boolean, sums: ReadonlyMap<string, string>, out: string): Promise<string> {
  let found = 0;
  await readTar(isPacked ? unpacked(file) : createReadStream(file), ({ path: name }) => {
    const sum = createHash('sha256');
    return {
      data: (piece) => void sum.update(piece),
      end: () => {
        if (sum.digest('hex') !== sums.get(name)) throw taken(out, `${name} does not read back as it was written`);
        found++;
      },
    };
  });
  if (found !== sums.size) throw taken(out, `${sums.size - found} files do not read back`);
  const own = createHash('sha256');
  for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) own.update(piece);
  return own.digest('hex');
}

function unpacked(file: string): AsyncIterable<Buffer> {
  const unzip = createGunzip();
  createReadStream(file).on('error', (error) => unzip.destroy(error)).pipe(unzip);
  return unzip;
}

const taken = (out: string, why: string): RigError => new RigError('E_DATA_DIR', `${out}: ${why}`, { context: { out }, hint: 'Name another place with --out.' });

const cannotWrite = (out: string) => (cause: unknown): never => {
  throw cause instanceof RigError ? cause : new RigError('E_DATA_DIR', `${out}: ${messageOf(cause)}`, { cause, context: { out }, hint: 'Name a place with --out where you may write and there is room.' });
};
