import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { Cli } from '../cli.ts';

export function addDevices(program: Command, cli: Cli): void {
  program
    .command('devices')
    .summary('what is plugged in, its driver, or why there is none')
    .description('Show what is plugged in: which miner it is, its driver, id and ports, or why it is not used and what would use it. Opens no port.')
    .option('--drivers', 'list the drivers with their options instead')
    .addHelpText('after', closing(['rigbrain devices', 'rigbrain devices --json', 'rigbrain devices --drivers']))
    .action(
      cli.action(async (command) => {
        const { drivers = false } = command.opts<{ drivers?: boolean }>();
        return (await import('../actions/devices.ts')).devices(cli.io, globalsOf(command), { drivers });
      }),
    );
}
