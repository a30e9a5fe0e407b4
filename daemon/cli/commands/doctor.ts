import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { Cli } from '../cli.ts';

export function addDoctor(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .summary('look at this machine and this installation: what to fix')
    .description('Look at this machine: Node, hash kernel, groups, serial ports and USB, who meddles with them, broker, pools, clock, disk, power. Each finding comes with its fix. Exit code 0, or 69 when something that is needed is unavailable.')
    .addHelpText('after', closing(['rigbrain doctor', 'rigbrain doctor --json | jq \'.findings[] | select(.status != "ok")\'']))
    .action(cli.action(async (command) => (await import('../doctor/doctor.ts')).doctor(cli.io, globalsOf(command))));
}
