import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { Cli } from '../cli.ts';

export function addSafe(program: Command, cli: Cli): void {
  program
    .command('safe')
    .summary('switch every board off that can be')
    .description('Make every configured or identified board safe without driving it: chips in reset, power off, or their slowest clock. For after a kill -9; systemd runs it when the daemon has ended. A board in use by a running daemon is left alone, and told. Exit code 0, or 1 when a board that is plugged in could not be made safe.')
    .addHelpText('after', closing(['rigbrain safe', 'ExecStopPost=/usr/bin/node .../bin.js safe     in a systemd unit']))
    .action(cli.action(async (command) => (await import('../actions/safe.ts')).safe(cli.io, globalsOf(command))));
}
