/** `rigbrain ledger tail`: the newest entries, and with -f the next ones as they come. */
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../../protocol/common/clock.ts';
import { nodeDisk } from '../../ledger/disk/node-disk.ts';
import type { LedgerRecord } from '../../ledger/journal/record.ts';
import { predicateOf } from '../../ledger/query/filter.ts';
import { JournalFollower } from '../../ledger/query/follow.ts';
import { recordJson } from '../../ledger/query/record-json.ts';
import { lastRecords } from '../../ledger/query/records.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { filterOf, type FilterFlags } from './ledger-filter.ts';
import { ledgerFolder, upToDate, type LedgerFolderFlags } from './ledger-folder.ts';
import { recordLine } from './ledger-show.ts';

export interface LedgerTailFlags extends LedgerFolderFlags, FilterFlags {
  /** How many to begin with. */
  readonly lines: number;
  readonly follow?: boolean;
}

/** How often the journal is looked at. */
const POLL_MS = 250;

/** @param stop ends the following; Ctrl-C and SIGTERM when left out @param pollMs milliseconds */
export async function ledgerTail(io: CliIo, globals: Globals, flags: LedgerTailFlags, stop: AbortSignal = stopSignal(), pollMs = POLL_MS): Promise<number> {
  const isWanted = predicateOf(filterOf(flags, systemClock.now()));
  const folder = ledgerFolder(io, globals, flags);
  const { journal } = folder;
  // Who follows sees the newest entries soon enough without a running daemon being made to write.
  if (flags.follow !== true) await upToDate(io, folder);
  const print = async (records: readonly LedgerRecord[]): Promise<void> => {
    for (const record of records) io.out(globals.json ? recordJson(record) : recordLine(io, record));
    await io.drained();
  };
  const follower = new JournalFollower(nodeDisk, journal, () => systemClock.now());
  // First the place to go on from, then what is before it: so that nothing is told twice or left out.
  await follower.skipToEnd();
  await print(await lastRecords(nodeDisk, journal, (record) => record.seq <= follower.lastSeq && isWanted(record), flags.lines));
  while (flags.follow === true && !stop.aborted) {
    await wait(pollMs, undefined, { signal: stop }).catch(() => {});
    if (!stop.aborted) await print((await follower.poll()).filter(isWanted));
  }
  return EXIT.ok;
}

function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}
