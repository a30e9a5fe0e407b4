import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';

export function addUdev(program: Command, cli: Cli): void {
  program
    .command('udev')
    .summary('rules that give this user the ports of miners')
    .description('Print the udev rules for all known miners: group dialout, ModemManager kept away, fast FTDI bridges, names in /dev/miner. With --install write them, as root, and let udev read them.')
    .option('--print', 'print them (what it does without --install)')
    .option('--install', 'write /etc/udev/rules.d/99-rigbrain.rules and reload')
    .addHelpText('after', closing(['rigbrain udev | less', 'sudo rigbrain udev --install']))
    .action(
      cli.action(async (command) => {
        const { install = false } = command.opts<{ install?: boolean }>();
        return (await import('../actions/udev.ts')).udev(cli.io, globalsOf(command), install);
      }),
    );
}
