import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { Cli } from '../cli.ts';

export function addBench(program: Command, cli: Cli): void {
  const bench = program
    .command('bench')
    .summary('measure this machine')
    .description('Measurements on this machine, now: stop other programs first.')
    .addHelpText('after', closing(['rigbrain bench hash']));
  bench
    .command('hash')
    .summary('hash kernels, job switch and event-loop delay')
    .description('Hash rate of every kernel on one thread, the time a new job takes to reach the threads, and how late the event loop is while all processors hash. About 8 seconds.')
    .option('--kernel <name>', 'kernel whose threads are measured', 'auto')
    .addHelpText('after', closing(['rigbrain bench hash', "rigbrain bench hash --json | jq '.kernels[] | {kernel, hashes_per_second}'"]))
    .action(cli.action(async (command) => (await import('../actions/bench-hash.ts')).benchHashCommand(cli.io, globalsOf(command), command.opts<{ kernel: string }>().kernel)));
}
