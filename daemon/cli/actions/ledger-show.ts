/** `rigbrain ledger show`: entries of the ledger, for a person or as a JSON array. */
import { systemClock } from '../../../protocol/common/clock.ts';
import { nodeDisk } from '../../ledger/disk/node-disk.ts';
import type { LedgerRecord } from '../../ledger/journal/record.ts';
import { describe, type Tone } from '../../ledger/query/describe.ts';
import { predicateOf, type Predicate } from '../../ledger/query/filter.ts';
import { recordJson } from '../../ledger/query/record-json.ts';
import { lastRecords, wantedRecords } from '../../ledger/query/records.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import { paint, type CliIo, type Paint } from '../io.ts';
import { filterOf, type FilterFlags } from './ledger-filter.ts';
import { ledgerFolder, upToDate, type LedgerFolderFlags } from './ledger-folder.ts';

export interface LedgerShowFlags extends LedgerFolderFlags, FilterFlags {
  readonly limit: number;
  readonly all?: boolean;
  readonly reverse?: boolean;
}

export async function ledgerShow(io: CliIo, globals: Globals, flags: LedgerShowFlags): Promise<number> {
  const isWanted = predicateOf(filterOf(flags, systemClock.now()));
  const folder = ledgerFolder(io, globals, flags);
  const { journal } = folder;
  await upToDate(io, folder);
  const chosen = flags.all === true ? wantedRecords(nodeDisk, journal, isWanted, flags.reverse === true) : lastOf(journal, isWanted, flags);
  const shown = globals.json ? await printArray(io, chosen) : await printLines(io, chosen);
  if (shown === 0 && !globals.json) io.err('rigbrain: no entry matches');
  return EXIT.ok;
}

async function* lastOf(journal: string, isWanted: Predicate, { limit, reverse }: LedgerShowFlags): AsyncGenerator<LedgerRecord[]> {
  const last = await lastRecords(nodeDisk, journal, isWanted, limit);
  yield reverse === true ? last.reverse() : last;
}

/** One valid JSON document, an entry a line. */
async function printArray(io: CliIo, batches: AsyncIterable<readonly LedgerRecord[]>): Promise<number> {
  let shown = 0;
  io.out('[');
  let held: string | null = null;
  for await (const records of batches) {
    for (const record of records) {
      if (held !== null) io.out(`${held},`);
      held = recordJson(record);
      shown += 1;
    }
    await io.drained();
  }
  if (held !== null) io.out(held);
  io.out(']');
  return shown;
}

async function printLines(io: CliIo, batches: AsyncIterable<readonly LedgerRecord[]>): Promise<number> {
  let shown = 0;
  for await (const records of batches) {
    for (const record of records) io.out(recordLine(io, record));
    shown += records.length;
    await io.drained();
  }
  return shown;
}

const TONES: Readonly<Record<Exclude<Tone, 'plain'>, Paint>> = { good: 'green', bad: 'red', block: 'bold' };

/** A record as one line for a person. */
export function recordLine(io: CliIo, record: LedgerRecord): string {
  const { time, kind, id, tone, detail } = describe(record);
  return `${paint(io, 'dim', time)}  ${kind.padEnd(13)}  ${id}  ${tone === 'plain' ? detail : paint(io, TONES[tone], detail)}`.trimEnd();
}
