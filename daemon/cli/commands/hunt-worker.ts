import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { HuntWorkerFlags } from '../actions/hunt-worker.ts';
import type { Cli } from '../cli.ts';
import { wholeNumber } from './option-values.ts';

/** `rigbrain hunt worker`. */
export function addHuntWorker(hunt: Command, cli: Cli): void {
  hunt
    .command('worker')
    .summary('run jobs of hunts for other hosts, until Ctrl-C')
    .description('Takes jobs of hunts from the queue in Redis (hunt.redis) and runs them here, with the priority and limits of this host. Stopped, it gives back what it has at once. All hosts need the same version.')
    .option('--concurrency <n>', 'jobs at the same time (default: one a processor)', wholeNumber(1, 64))
    .option('--redis <url>', 'redis:// or rediss:// address instead of hunt.redis.url')
    .addHelpText('after', closing(['rigbrain hunt worker', 'rigbrain hunt worker --redis redis://rig.lan:6379 --concurrency 2']))
    .action(cli.action(async (command) => (await import('../actions/hunt-worker.ts')).huntWorker(cli.io, globalsOf(command), command.opts<HuntWorkerFlags>())));
}
