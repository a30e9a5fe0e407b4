import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { Cli } from '../cli.ts';
import { positiveNumber } from './option-values.ts';

export function addPools(program: Command, cli: Cli): void {
  program
    .command('pools')
    .summary('try every pool up to its first job: TLS, login, whom it pays')
    .description('Try every configured pool and node up to its first job: is it reachable, what certificate does it show, does it let us in, what work does it give, whom does that pay. Nothing is submitted. Exit code 0 when all are usable, else 69.')
    .option('--url <url>', 'try this pool instead of the configured ones')
    .option('--user <name>', 'worker name for --url', '')
    .option('--timeout <seconds>', 'longest time for one pool', positiveNumber, 45)
    .addHelpText('after', closing(['rigbrain pools', 'rigbrain pools --url stratum+ssl://pool.example:3334 --user bc1q....rig1']))
    .action(cli.action(async (command) => (await import('../actions/pools.ts')).pools(cli.io, globalsOf(command), command.opts<{ url?: string; user: string; timeout: number }>())));
}
