/** `rigbrain ledger export`: entries of the ledger for other programs. */
import { open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../../protocol/common/errors.ts';
import { nodeDisk } from '../../ledger/disk/node-disk.ts';
import type { LedgerRecord } from '../../ledger/journal/record.ts';
import { csvWriter } from '../../ledger/query/csv.ts';
import { predicateOf, RECORD_KINDS } from '../../ledger/query/filter.ts';
import { recordJson } from '../../ledger/query/record-json.ts';
import { wantedRecords } from '../../ledger/query/records.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { filterOf, type FilterFlags } from './ledger-filter.ts';
import { ledgerFolder, upToDate, type LedgerFolderFlags } from './ledger-folder.ts';

export interface LedgerExportFlags extends LedgerFolderFlags, FilterFlags {
  readonly format: string;
  readonly out?: string;
}

interface Format {
  /** First line, null when there is none. */
  readonly header: string | null;
  readonly lineEnd: string;
  line(record: LedgerRecord): string;
}

/** Where the text goes. */
interface Sink {
  write(text: string): Promise<void>;
  /** Everything is written: it may be seen now. */
  finish(): Promise<void>;
  /** Something went wrong: leave nothing behind. */
  abandon(): Promise<void>;
}

export async function ledgerExport(io: CliIo, globals: Globals, flags: LedgerExportFlags): Promise<number> {
  const filter = filterOf(flags, systemClock.now());
  const format = formatNamed(flags.format, filter.kinds ?? RECORD_KINDS);
  const folder = ledgerFolder(io, globals, flags);
  const { journal } = folder;
  await upToDate(io, folder);
  const sink = flags.out === undefined ? streamSink(io) : await fileSink(path.resolve(io.cwd, flags.out));
  let exported = 0;
  try {
    if (format.header !== null) await sink.write(format.header + format.lineEnd);
    for await (const records of wantedRecords(nodeDisk, journal, predicateOf(filter))) {
      await sink.write(records.map((record) => format.line(record) + format.lineEnd).join(''));
      exported += records.length;
    }
    await sink.finish();
  } catch (error) {
    await sink.abandon();
    throw error;
  }
  if (flags.out !== undefined) {
    if (globals.json) io.out(JSON.stringify({ file: path.resolve(io.cwd, flags.out), format: flags.format, entries: exported }));
    else io.err(`rigbrain: ${exported} ${exported === 1 ? 'entry' : 'entries'} in ${flags.out}`);
  }
  return EXIT.ok;
}

/** @throws RigError E_FLAG_INVALID */
function formatNamed(name: string, kinds: readonly string[]): Format {
  if (name === 'ndjson') return { header: null, lineEnd: '\n', line: recordJson };
  if (name === 'csv') {
    const writer = csvWriter(kinds);
    return { header: writer.header(), lineEnd: '\r\n', line: writer.row };
  }
  throw new RigError('E_FLAG_INVALID', `--format: there is no format "${name}"`, { hint: 'Use csv or ndjson.' });
}

/** Standard output, which adds the last line end itself. */
function streamSink(io: CliIo): Sink {
  return {
    async write(text) {
      io.out(text.slice(0, -1));
      await io.drained();
    },
    finish: async () => {},
    abandon: async () => {},
  };
}

/** A file that gets its name when it is whole; a device or a pipe is written to as it is. @throws RigError E_DATA_DIR, as its methods do */
async function fileSink(file: string): Promise<Sink> {
  const refuse = (error: unknown): never => {
    throw new RigError('E_DATA_DIR', `cannot write ${file}: ${messageOf(error)}`, { cause: error, context: { file } });
  };
  const isSpecial = (await stat(file).catch(() => null))?.isFile() === false;
  const written = isSpecial ? file : `${file}.part`;
  const handle = await open(written, 'w').catch(refuse);
  return {
    write: (text) => handle.appendFile(text).catch(refuse),
    async finish() {
      if (!isSpecial) await handle.sync().catch(refuse);
      await handle.close().catch(refuse);
      if (!isSpecial) await rename(written, file).catch(refuse);
    },
    async abandon() {
      await handle.close().catch(() => {});
      if (!isSpecial) await rm(written, { force: true });
    },
  };
}
