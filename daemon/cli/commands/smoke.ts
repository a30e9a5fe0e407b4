import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { Cli } from '../cli.ts';

export function addSmoke(program: Command, cli: Cli): void {
  program
    .command('smoke')
    .summary('look at this machine and this installation: what to fix')
    .description('Quick self-check of this installation: blueprint, templates, ledger, hash kernel, target arithmetic, configuration. Exit code 0 or 1.')
    .option('--mode <mode>', 'mode whose User_Look_At/ folder gets the report', 'test')
    .addHelpText('after', closing(['rigbrain smoke', 'rigbrain smoke --data /var/lib/rigbrain --json']))
    .action(cli.action(async (command) => (await import('../actions/smoke.ts')).smoke(cli.io, globalsOf(command), command.opts<{ mode: string }>().mode)));
}
