import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { TdaFlags } from '../actions/tda.ts';
import type { Cli } from '../cli.ts';
import { positiveNumber, wholeNumber } from './option-values.ts';

export function addTda(program: Command, cli: Cli): void {
  program
    .command('tda <file>')
    .summary('analyse runs: persistent homology, components of your own')
    .description('Persistent homology of the bright places of a field: of a provenance file of a hunt (its field file is found and checked), of a field file, or of a table of events (CSV with x,y[,z]). Writes topology, events and chart beside it; docs/tda.md says what the figures mean.')
    .option('--out <dir>', 'folder for the files (default: that of FILE)')
    .option('--threshold <density>', 'event above it (default: mean + 3 sigma)', positiveNumber)
    .option('--period <cells>', 'of events: length of their periodic box', positiveNumber)
    .option('--max-points <n>', 'events of the diagram at most', wholeNumber(1, 300), 300)
    .addHelpText('after', closing(['rigbrain tda provenance/provenance_UUID.json', "rigbrain tda field_UUID.bin --json | jq '.topology.betti_1'", 'rigbrain tda events.csv --period 64 --out /tmp']))
    .action(cli.action(async (command) => (await import('../actions/tda.ts')).tdaCommand(cli.io, globalsOf(command), command.args[0] as string, command.opts<TdaFlags>())));
}
