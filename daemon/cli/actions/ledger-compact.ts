/** `rigbrain ledger compact`: packs what is old, and removes it when told to. */
import path from 'node:path';
import { systemClock } from '../../../protocol/common/clock.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { nodeDisk } from '../../ledger/disk/node-disk.ts';
import { parseSpan } from '../../ledger/query/when.ts';
import { planCompact, runCompact, type CompactOptions, type CompactPlan, type CompactResult } from '../../ledger/upkeep/compact.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { bytesText } from './byte-text.ts';
import { holdFolder, ledgerFolder, type LedgerFolder, type LedgerFolderFlags } from './ledger-folder.ts';

export interface LedgerCompactFlags extends LedgerFolderFlags {
  readonly olderThan: string;
  readonly retention?: string;
  /** Without it, retention only says what it would remove. */
  readonly delete?: boolean;
  readonly archiveYearly?: boolean;
  readonly dryRun?: boolean;
}

const DAY_MS = 86_400_000;

export async function ledgerCompact(io: CliIo, globals: Globals, flags: LedgerCompactFlags, now = systemClock.now()): Promise<number> {
  const folder = ledgerFolder(io, globals, flags);
  const options: CompactOptions = {
    disk: nodeDisk,
    base: folder.base,
    now,
    olderThanMs: parseSpan('--older-than', flags.olderThan),
    retentionMs: flags.retention === undefined ? null : parseSpan('--retention', flags.retention),
    archiveYearly: flags.archiveYearly === true,
  };
  if (options.retentionMs !== null && options.retentionMs < DAY_MS) throw new RigError('E_FLAG_INVALID', '--retention: less than a day would leave nothing', { hint: 'Write for example 365d.' });
  if (flags.dryRun === true) {
    printPlan(io, globals, folder, await planCompact(options));
    return EXIT.ok;
  }
  const held = await holdFolder(folder, '--dry-run works beside it');
  try {
    const plan = await planCompact(options);
    const removes = plan.retention !== null && (plan.retention.segments.length > 0 || plan.retention.folders.length > 0);
    if (removes && flags.delete !== true) {
      printPlan(io, globals, folder, plan);
      throw new RigError('E_FLAG_INVALID', 'nothing was done: --retention removes entries for ever', { hint: 'Add --delete to remove what is listed, or leave --retention out.' });
    }
    if (!globals.json) printPlan(io, globals, folder, plan);
    const result = await runCompact(options, plan, (words) => globals.json || io.err(`rigbrain: ${words}`));
    printResult(io, globals, plan, result);
  } finally {
    await held.release();
  }
  return EXIT.ok;
}

/** What a plan comes to, with the names of the public shape. */
function planJson({ pack, retention, archive }: CompactPlan): object {
  return {
    pack: pack.map(({ name, bytes }) => ({ segment: name, bytes })),
    remove: retention === null ? null : { segments: retention.segments.map((segment) => segment.name), folders: retention.folders.map((folder) => folder.path), journal_begins_at_seq: retention.begins?.seq ?? null },
    archive: archive.map(({ year, files, bytes, folders }) => ({ year, files: files.length, bytes, folders: folders.map((folder) => folder.path) })),
  };
}

function printPlan(io: CliIo, globals: Globals, { base }: LedgerFolder, plan: CompactPlan): void {
  if (globals.json) {
    io.out(JSON.stringify({ folder: base, plan: planJson(plan) }, null, 2));
    return;
  }
  const { pack, retention, archive } = plan;
  io.out(`${base}`);
  io.out(`pack     ${counted(pack.length, 'segment')} of the journal, ${bytesText(sum(pack.map((segment) => segment.bytes)))}`);
  for (const { year, files, bytes, folders } of archive) io.out(`archive  ${year}: ${counted(files.length, 'file')} in ${counted(folders.length, 'folder')}, ${bytesText(bytes)}`);
  if (retention === null) return;
  io.out(`remove   ${counted(retention.segments.length, 'segment')} of the journal${retention.begins === null ? '' : `: it then begins with record ${retention.begins.seq}`}`);
  for (const segment of retention.segments) io.out(`remove   ${path.posix.join('.ledger', 'journal', segment.name)}`);
  for (const folder of retention.folders) io.out(`remove   ${folder.path}/`);
}

function printResult(io: CliIo, globals: Globals, plan: CompactPlan, result: CompactResult): void {
  if (globals.json) {
    io.out(JSON.stringify({ ...result, removed: plan.retention === null ? null : { segments: plan.retention.segments.length, folders: plan.retention.folders.length } }, null, 2));
    return;
  }
  const before = sum(result.packed.map((segment) => segment.bytes_before));
  const after = sum(result.packed.map((segment) => segment.bytes_after));
  io.out(result.packed.length === 0 ? 'done: nothing to pack' : `done: ${bytesText(before)} of journal packed into ${bytesText(after)}`);
  for (const { file, bytes, sha256 } of result.archived) io.out(`done: ${file}, ${bytesText(bytes)} of files, sha256 ${sha256}`);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
