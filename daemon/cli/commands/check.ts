import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { Cli } from '../cli.ts';

export function addCheck(program: Command, cli: Cli): void {
  program
    .command('check')
    .summary('check configuration, blueprint, secrets and data folder')
    .description('Check the configuration, Brain.QTL, device options, secrets and the data folder. Exit code 0, or 78 when something is wrong.')
    .addHelpText('after', closing(['rigbrain check', 'rigbrain check --config /etc/rigbrain/rig.yaml --json']))
    .action(cli.action(async (command) => (await import('../actions/check.ts')).check(cli.io, globalsOf(command))));
}
