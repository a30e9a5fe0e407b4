import type { Command } from 'commander';
import { closing } from '../help.ts';
import type { Cli } from '../cli.ts';
import { addHuntWorker } from './hunt-worker.ts';

export function addHunt(program: Command, cli: Cli): void {
  const hunt = program
    .command('hunt')
    .summary('parameter hunts')
    .description('Parameter hunts: an evolutionary search over the field simulation.')
    .addHelpText('after', closing(['rigbrain hunt worker']));
  addHuntWorker(hunt, cli);
}
