import { InvalidArgumentError, type Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { Cli } from '../cli.ts';
import type { SimPoolFlags } from '../actions/sim-pool.ts';
import { positiveNumber, repeated } from './option-values.ts';

export function addSim(program: Command, cli: Cli): void {
  const sim = program
    .command('sim')
    .summary('simulated peers to try Rigbrain against')
    .description('Simulated peers on this machine. They check what they are sent as real ones do.')
    .addHelpText('after', closing(['rigbrain sim pool --port 3333']));
  sim
    .command('pool')
    .summary('a Stratum V1 pool on a chain of its own')
    .description('A Stratum V1 pool on a regtest-like chain of its own, until Ctrl-C. It makes real jobs and checks every share and block.')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 = any free one', port, 3333)
    .option('--difficulty <d>', 'difficulty a miner starts with', positiveNumber)
    .option('--fixed-difficulty', 'never change it (no vardiff)')
    .option('--block-spacing <seconds>', 'time between blocks the chain aims at (default: 10)', blockSpacing)
    .option('--fault <name>', 'misbehave; may be repeated, `--fault list` lists them', repeated)
    .addHelpText('after', closing(['rigbrain sim pool', 'rigbrain sim pool --difficulty 0.001 --fault reject-nth=5', 'export RIGBRAIN_POOLS__0__URL=localhost:3333 RIGBRAIN_POOLS__0__USER=me', 'RIGBRAIN_MINING__LIVE=1 rigbrain run          mine on it, in another terminal']))
    .action(cli.action(async (command) => (await import('../actions/sim-pool.ts')).simPool(cli.io, globalsOf(command), command.opts<SimPoolFlags>())));
}

function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
  return Number(text);
}

function blockSpacing(text: string): number {
  const value = Number(text);
  if (!(value >= 1 && value <= 3600)) throw new InvalidArgumentError('It must be a number of seconds from 1 to 3600.');
  return value;
}
