import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { Cli } from '../cli.ts';

export function addDevices(program: Command, cli: Cli): void {
  program
    .command('devices')
    .summary('list drivers and the hardware found')
    .description('List the drivers with their options, and the hardware found on this machine.')
    .addHelpText('after', closing(['rigbrain devices', 'rigbrain devices --json']))
    .action(cli.action(async (command) => (await import('../actions/devices.ts')).devices(cli.io, globalsOf(command))));
}
