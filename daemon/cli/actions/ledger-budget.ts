/** `rigbrain ledger budget`: what the ledger writes, what it takes up, and how long a card lasts at that. */
import { systemClock } from '../../../protocol/common/clock.ts';
import { nodeDisk } from '../../ledger/disk/node-disk.ts';
import { readBudget, WRITTEN_PARTS, type Budget, type Written } from '../../ledger/query/budget.ts';
import { readSpace, type Space } from '../../ledger/query/space.ts';
import { parseSpan } from '../../ledger/query/when.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import { paint, type CliIo } from '../io.ts';
import { textTable } from '../table.ts';
import { bytesText } from './byte-text.ts';
import { ledgerFolder, upToDate, type LedgerFolderFlags } from './ledger-folder.ts';

export interface LedgerBudgetFlags extends LedgerFolderFlags {
  /** How far back, e.g. `30d`. */
  readonly last: string;
  /** Writes the card takes before it fails, TB. */
  readonly cardTb: number;
}

const TB = 1e12;
/** The first minutes of a run write far more than the hours after them. */
const ENOUGH_HOURS = 6;

export async function ledgerBudget(io: CliIo, globals: Globals, flags: LedgerBudgetFlags): Promise<number> {
  const folder = ledgerFolder(io, globals, flags);
  const since = systemClock.now() - parseSpan('--last', flags.last);
  await upToDate(io, folder);
  const [budget, space] = [await readBudget(nodeDisk, folder.journal, since), await readSpace(folder.base)];
  const years = budget.bytes_per_year === null || budget.bytes_per_year === 0 ? null : Math.round(((flags.cardTb * TB) / budget.bytes_per_year) * 10) / 10;
  const card = { endurance_tb: flags.cardTb, years, assumption: `the card takes ${flags.cardTb} TB of writes by its host before it fails, and nothing else writes to it` };
  const total = space.reduce((sum, part) => sum + part.bytes, 0);
  if (globals.json) io.out(JSON.stringify({ folder: folder.base, ...budget, card, space: { total, parts: space } }, null, 2));
  else for (const line of [...budgetLines(io, budget), ...cardLines(card), '', ...spaceLines(io, space, total)]) io.out(line);
  return EXIT.ok;
}

function budgetLines(io: CliIo, { days, average, measured_hours, bytes_per_year }: Budget): string[] {
  if (average === null || bytes_per_year === null) return ['nothing measured yet: the daemon writes down once in a while what it wrote'];
  const rows = [...days.map((day) => [day.day, day.hours.toFixed(1), ...cells(day), String(day.fsyncs), String(day.entries)]), ['average', '24.0', ...cells(average), String(average.fsyncs), String(average.entries)]];
  const head = ['bytes a day', 'hours', 'total', ...WRITTEN_PARTS, 'fsyncs', 'entries'];
  const little = measured_hours < ENOUGH_HOURS ? [paint(io, 'yellow', `only ${measured_hours} hours were measured: average, year and card say little yet`)] : [];
  return [...textTable(io, head, rows), `a year    ${bytesText(bytes_per_year)}, if the daemon runs round the clock`, ...little];
}

function cells(written: Written & { readonly total: number }): string[] {
  return [bytesText(written.total), ...WRITTEN_PARTS.map((part) => bytesText(written[part]))];
}

function cardLines({ years, assumption }: { readonly years: number | null; readonly assumption: string }): string[] {
  return years === null ? [] : [`card      ${years} years: an estimate, assuming that ${assumption} (--card-tb)`];
}

function spaceLines(io: CliIo, space: readonly Space[], total: number): string[] {
  return textTable(io, ['space on disk', 'files', 'bytes'], [...space.map(({ part, files, bytes }) => [part, String(files), bytesText(bytes)]), ['all', String(space.reduce((sum, part) => sum + part.files, 0)), bytesText(total)]]);
}
