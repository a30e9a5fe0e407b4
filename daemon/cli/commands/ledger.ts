import type { Command } from 'commander';
import type { LedgerBudgetFlags } from '../actions/ledger-budget.ts';
import type { LedgerCompactFlags } from '../actions/ledger-compact.ts';
import type { LedgerExportFlags } from '../actions/ledger-export.ts';
import type { LedgerShowFlags } from '../actions/ledger-show.ts';
import type { LedgerFolderFlags } from '../actions/ledger-folder.ts';
import type { LedgerTailFlags } from '../actions/ledger-tail.ts';
import type { LedgerRebuildFlags } from '../actions/ledger-verify.ts';
import type { Cli } from '../cli.ts';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import { positiveNumber, repeated, wholeNumber } from './option-values.ts';

export function addLedger(program: Command, cli: Cli): void {
  const ledger = program
    .command('ledger')
    .summary('read, export and look after the ledger')
    .description('Read, export and look after the ledger of a mode; the daemon may be running.')
    .addHelpText('after', closing(['rigbrain ledger show --demo --kind submission --since 2h', 'rigbrain ledger tail --demo -f']));
  addShow(ledger, cli);
  addExport(ledger, cli);
  addTail(ledger, cli);
  addVerify(ledger, cli);
  addRebuild(ledger, cli);
  addCompact(ledger, cli);
  addBudget(ledger, cli);
}

function addShow(ledger: Command, cli: Cli): void {
  const show = ledger
    .command('show')
    .summary('print entries')
    .description('Print the last entries that match, oldest first; --json prints an array.')
    .option('--limit <n>', 'how many', wholeNumber(0, Number.MAX_SAFE_INTEGER), 20)
    .option('--all', 'every one')
    .option('--reverse', 'newest first');
  withFilters(withFolder(show))
    .addHelpText('after', closing(['rigbrain ledger show --demo --blocks --all', 'rigbrain ledger show --since 2026-11-20 --status rejected --json']))
    .action(cli.action(async (command) => (await import('../actions/ledger-show.ts')).ledgerShow(cli.io, globalsOf(command), command.opts<LedgerShowFlags>())));
}

function addExport(ledger: Command, cli: Cli): void {
  const command = ledger
    .command('export')
    .summary('write entries as CSV or NDJSON')
    .description('Write every entry that matches, oldest first, as CSV or one JSON object a line.')
    .requiredOption('--format <format>', 'csv or ndjson')
    .option('--out <file>', 'file to write (default: stdout)');
  withFilters(withFolder(command))
    .addHelpText('after', closing(['rigbrain ledger export --format csv --kind submission --out shares.csv', "rigbrain ledger export --format ndjson | jq -r '.entry.pool'"]))
    .action(cli.action(async (self) => (await import('../actions/ledger-export.ts')).ledgerExport(cli.io, globalsOf(self), self.opts<LedgerExportFlags>())));
}

function addTail(ledger: Command, cli: Cli): void {
  const tail = ledger
    .command('tail')
    .summary('print the newest entries, and follow')
    .description('Print the newest entries, and with -f the next ones as they come, whatever becomes of the daemon; --json prints one object a line.')
    .option('-n, --lines <n>', 'how many to begin with', wholeNumber(0, Number.MAX_SAFE_INTEGER), 10)
    .option('-f, --follow', 'go on until Ctrl-C');
  withFilters(withFolder(tail))
    .addHelpText('after', closing(['rigbrain ledger tail --demo -f --kind submission']))
    .action(cli.action(async (command) => (await import('../actions/ledger-tail.ts')).ledgerTail(cli.io, globalsOf(command), command.opts<LedgerTailFlags>())));
}

function addVerify(ledger: Command, cli: Cli): void {
  const verify = ledger
    .command('verify')
    .summary('check journal, files, sums and proofs')
    .description('Check the chain of the journal, every file byte by byte against it, parents against children, and every math proof by SHA-256d.');
  withFolder(verify)
    .addHelpText('after', closing(['rigbrain ledger verify --demo', 'rigbrain ledger verify --folder /media/backup/Mining --json']))
    .action(cli.action(async (command) => (await import('../actions/ledger-verify.ts')).ledgerVerify(cli.io, globalsOf(command), command.opts<LedgerFolderFlags>())));
}

function addRebuild(ledger: Command, cli: Cli): void {
  const rebuild = ledger
    .command('rebuild')
    .summary('make every file anew from the journal')
    .description('Make every file of the tree anew from the journal, byte for byte; stop the daemon first.')
    .option('--force', 'also from a journal that has not everything');
  withFolder(rebuild)
    .addHelpText('after', closing(['rigbrain ledger rebuild --mode live']))
    .action(cli.action(async (command) => (await import('../actions/ledger-verify.ts')).ledgerRebuild(cli.io, globalsOf(command), command.opts<LedgerRebuildFlags>())));
}

function addCompact(ledger: Command, cli: Cli): void {
  const compact = ledger
    .command('compact')
    .summary('pack, archive or remove what is old')
    .description('Pack old segments of the journal, which loses nothing; stop the daemon first.')
    .option('--older-than <time>', 'leave what is younger', '30d')
    .option('--archive-yearly', 'pack past years into Archive/')
    .option('--retention <time>', 'list what is too old to keep')
    .option('--delete', 'remove what --retention lists')
    .option('--dry-run', 'say what would be done');
  withFolder(compact)
    .addHelpText('after', closing(['rigbrain ledger compact --mode live', 'rigbrain ledger compact --mode live --retention 730d --dry-run']))
    .action(cli.action(async (command) => (await import('../actions/ledger-compact.ts')).ledgerCompact(cli.io, globalsOf(command), command.opts<LedgerCompactFlags>())));
}

function addBudget(ledger: Command, cli: Cli): void {
  const budget = ledger
    .command('budget')
    .summary('bytes written a day, space used, life of a card')
    .description('What the ledger writes to the disk a day and by kind, what it takes up, and how long a card lasts at that.')
    .option('--last <time>', 'how far back', '30d')
    .option('--card-tb <n>', 'TB of writes a card takes', positiveNumber, 3);
  withFolder(budget)
    .addHelpText('after', closing(['rigbrain ledger budget --demo', 'rigbrain ledger budget --card-tb 15 --json']))
    .action(cli.action(async (command) => (await import('../actions/ledger-budget.ts')).ledgerBudget(cli.io, globalsOf(command), command.opts<LedgerBudgetFlags>())));
}

/** Options that say which entries. Those that share a description share a line of the help. */
function withFilters(command: Command): Command {
  const time = '2h, 3d, 2026-11, 2026-11-20T14:30';
  const who = 'whose, and how it went';
  const what = 'field of the entry';
  return command
    .option('--kind <kind>', 'ledger, submission ...; repeatable', repeated)
    .option('--since <time>', time)
    .option('--until <time>', time)
    .option('--component <name>', who)
    .option('--status <word>', who)
    .option('--pool <id>', what)
    .option('--miner <id>', what)
    .option('--id <id>', what)
    .option('--blocks', 'only what is about a block');
}

/** Options that say which ledger. */
function withFolder(command: Command): Command {
  const mode = 'the ledger of that mode';
  return command
    .option('--demo', mode)
    .option('--test', mode)
    .option('--staging', mode)
    .option('--mode <mode>', mode)
    .option('--folder <dir>', 'any base folder, like Mining/');
}
