import type { Command } from 'commander';
import type { CaptureFlags } from '../actions/capture.ts';
import type { Cli } from '../cli.ts';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import { wholeNumber } from './option-values.ts';

export function addCapture(program: Command, cli: Cli): void {
  program
    .command('capture <port>')
    .summary('write down what goes over a serial port, and decode it')
    .description('Writes what goes over a serial port to a file that `rigbrain replay` reads, until Ctrl-C. With --link another program uses the port through a tty of that name, and both directions are written down; without, this only listens.')
    .requiredOption('--out <file>', 'file of JSON lines; an old one is replaced')
    .option('--link <path>', 'symbolic link to the tty for the other program')
    .option('--baud <n>', 'speed (default: as the other program sets it, or 115200)', wholeNumber(1200, 4_000_000))
    .addHelpText('after', closing(['rigbrain capture /dev/ttyUSB0 --out line.jsonl', 'rigbrain capture /dev/ttyUSB0 --out line.jsonl --link /tmp/ttyMINER', 'rigbrain replay line.jsonl --summary']))
    .action(cli.action(async (command) => (await import('../actions/capture.ts')).capture(cli.io, globalsOf(command), command.args[0] as string, command.opts<CaptureFlags>())));
}
