import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { ReplayFlags } from '../actions/replay.ts';
import type { Cli } from '../cli.ts';
import { wholeNumber } from './option-values.ts';

export function addReplay(program: Command, cli: Cli): void {
  program
    .command('replay <file>')
    .summary('write down what goes over a serial port, and decode it')
    .description('Decodes a capture of the serial line of BM13xx chips (JSON lines with "dir": "tx" or "rx" and "hex"), hashes every nonce again with the job it belongs to, and ends with the counts. - reads standard input.')
    .option('--chip <model>', 'chip, when the capture does not name it, e.g. BM1370')
    .option('--summary', 'the counts only')
    .option('--zero-bits <n>', 'zero bits of a nonce; fewer than 32 only in captures of simulated chips', wholeNumber(4, 32), 32)
    .addHelpText('after', closing(['rigbrain replay capture.jsonl', "rigbrain replay capture.jsonl --json | jq 'select(.type == \"nonce\")'", 'rigbrain replay - --summary < capture.jsonl']))
    .action(cli.action(async (command) => (await import('../actions/replay.ts')).replayCommand(cli.io, globalsOf(command), command.args[0] as string, command.opts<ReplayFlags>())));
}
