/** `rigbrain ledger verify` and `rebuild`: the files against the journal, and from it. */
import path from 'node:path';
import { systemClock } from '../../../protocol/common/clock.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { silentLog } from '../../../protocol/common/log.ts';
import { loadBlueprint } from '../../brainstem/blueprint.ts';
import { createBrainstem } from '../../brainstem/brainstem.ts';
import type { Brainstem } from '../../brainstem/contract.ts';
import { huntPlaces } from '../../brainstem/hunts.ts';
import { nodeDisk } from '../../ledger/disk/node-disk.ts';
import { journalState } from '../../ledger/query/journal-state.ts';
import { rebuildTree } from '../../ledger/query/rebuild.ts';
import { verifyLedger, type VerifyReport } from '../../ledger/query/verify.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import { paint, type CliIo } from '../io.ts';
import { blueprintFile } from './check-blueprint.ts';
import { holdFolder, ledgerFolder, upToDate, type LedgerFolder, type LedgerFolderFlags } from './ledger-folder.ts';

/** Until a run's own record says otherwise. */
const MAX_VIEW_BYTES = 64 << 20;

export async function ledgerVerify(io: CliIo, globals: Globals, flags: LedgerFolderFlags): Promise<number> {
  const folder = ledgerFolder(io, globals, flags);
  await upToDate(io, folder);
  const report = await verifyLedger({ disk: nodeDisk, base: folder.base, journal: folder.journal, brainstem: brainstemOf(folder), aside: asideIn(folder), maxViewBytes: MAX_VIEW_BYTES });
  if (globals.json) io.out(JSON.stringify(report, null, 2));
  else printReport(io, folder, report);
  return report.ok ? EXIT.ok : EXIT.failure;
}

function printReport(io: CliIo, { base }: LedgerFolder, report: VerifyReport): void {
  const { records, files_archived: archived, begins_by_retention: kept, first_seq: first, last_seq: last, chain, problems, more_problems: more } = report;
  io.out(`ledger   ${base}`);
  io.out(`journal  ${records} records${first === null ? '' : `, ${first} to ${last}${kept ? ' (older ones were removed on purpose)' : ''}`}${chain === null ? '' : `, chain ${chain}`}`);
  io.out(`files    ${report.files_checked} compared byte by byte${report.files_behind > 0 ? `, ${report.files_behind} not up to date yet` : ''}${report.files_older_than_journal > 0 ? `, ${report.files_older_than_journal} older than the journal` : ''}${archived > 0 ? `, ${archived} archived or removed on purpose` : ''}`);
  io.out(`proofs   ${report.proofs_checked} hashed again`);
  for (const { kind, where, what } of problems) io.out(`${paint(io, 'red', kind.padEnd(7))}  ${where}: ${what}`);
  if (more > 0) io.out(`         and ${more} more`);
  io.out(report.ok ? paint(io, 'green', 'everything holds') : paint(io, 'red', `${problems.length + more === 1 ? '1 problem' : `${problems.length + more} problems`}; ${adviceFor(report)}`));
}

/** Files follow from the journal, never the other way round: what is gone from it may stand in the files only. */
function adviceFor({ problems }: VerifyReport): string {
  if (problems.some(({ kind }) => kind === 'journal' || kind === 'chain')) return 'the journal itself is not whole: keep a copy of the folder before anything else, the files may have what it lacks';
  if (problems.some(({ kind }) => kind !== 'proof')) return '`rigbrain ledger rebuild` makes the files anew from the journal';
  return 'the journal has these proofs as they are: nothing to repair';
}

export interface LedgerRebuildFlags extends LedgerFolderFlags {
  /** Also from a journal that has not everything. */
  readonly force?: boolean;
}

/** @throws RigError E_LEDGER_CORRUPT when the files may have what the journal has not, and nothing says to replace them anyway */
export async function ledgerRebuild(io: CliIo, globals: Globals, flags: LedgerRebuildFlags): Promise<number> {
  const folder = ledgerFolder(io, globals, flags);
  const lock = await holdFolder(folder, '`rigbrain ledger verify` works beside it');
  try {
    if (flags.force !== true) await refuseIncomplete(folder);
    const onDamage = (where: string, what: string): void => io.err(`rigbrain: ${where}: ${what}`);
    const result = await rebuildTree({ disk: nodeDisk, base: folder.base, journal: folder.journal, brainstem: brainstemOf(folder), maxViewBytes: MAX_VIEW_BYTES, onDamage });
    if (globals.json) io.out(JSON.stringify(result));
    else io.out(`${result.files} files made from ${result.records} records${result.placeholders > 0 ? `, and ${result.placeholders} empty ones` : ''}`);
  } finally {
    await lock.release();
  }
  return EXIT.ok;
}

/** The files may be the only place where the rest still is. */
async function refuseIncomplete({ journal }: LedgerFolder): Promise<void> {
  const { damage, firstSeq } = await journalState(nodeDisk, journal);
  const hint = 'The present files may be all that is left of the rest. Copy the folder first; --force then replaces them by what the journal has.';
  const [first] = damage;
  if (first !== undefined) throw new RigError('E_LEDGER_CORRUPT', `the journal is damaged: ${first.segment} at byte ${first.offset}: ${first.reason}${damage.length > 1 ? `, and ${damage.length - 1} more` : ''}`, { context: { journal }, hint });
  if (firstSeq !== null && firstSeq > 1) throw new RigError('E_LEDGER_CORRUPT', `the journal begins with record ${firstSeq}: older ones were removed`, { context: { journal }, hint });
}

/** Paths and templates only: neither mode nor zone of this brainstem shows in a file, as the records say both. */
/** Hunts keep files of their own in the base folder. */
function asideIn({ base }: LedgerFolder): string[] {
  const { folder } = huntPlaces({ base, blueprint: loadBlueprint(blueprintFile()) });
  return [path.relative(base, folder).split(path.sep).join('/')];
}

function brainstemOf({ dataDir, base }: LedgerFolder): Brainstem {
  const live = path.join('Mining');
  const mode = base.endsWith(path.join('Test', 'Demo', live)) ? 'demo' : base.endsWith(path.join('Test', 'Test mode', live)) ? 'test' : 'live';
  return createBrainstem({ blueprintFile: blueprintFile(), dataDir, mode, clock: systemClock, log: silentLog });
}
