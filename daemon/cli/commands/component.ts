import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { ComponentRunFlags } from '../actions/component.ts';
import type { Cli } from '../cli.ts';
import { repeated } from './option-values.ts';

export function addComponent(program: Command, cli: Cli): void {
  const component = program
    .command('component')
    .summary('analyse runs: persistent homology, components of your own')
    .description('Analysis components: folders with a component_manifest.json in `components` of the data folder (hunt.components), and those of this installation.')
    .addHelpText('after', closing(['rigbrain component list']));
  component
    .command('list')
    .summary('all components, and why some are not used')
    .description('All components found, and why some are not used.')
    .addHelpText('after', closing(['rigbrain component list', "rigbrain component list --json | jq '.[] | select(.usable | not) | .reason'"]))
    .action(cli.action(async (command) => (await import('../actions/component.ts')).componentListCommand(cli.io, globalsOf(command))));
  component
    .command('show <name>')
    .summary('inputs, outputs and variables of one')
    .description('What a component takes and gives. NAME may be NAME@VERSION; without it the newest version.')
    .addHelpText('after', closing(['rigbrain component show "TDA metrics"']))
    .action(cli.action(async (command) => (await import('../actions/component.ts')).componentShowCommand(cli.io, globalsOf(command), command.args[0] as string)));
  component
    .command('run <name>')
    .summary('run one on this machine')
    .description('Runs a component at low priority, without a shell, in a folder of its own, and checks its outputs against its manifest.')
    .option('--input <name=value>', 'an input; may be repeated', repeated)
    .option('--set <name=value>', 'a variable; may be repeated', repeated)
    .option('--out <dir>', 'its folder, new or empty (default: in component_runs/)')
    .addHelpText('after', closing(['rigbrain component run "TDA metrics" --input file=provenance_UUID.json', 'rigbrain component run NAME@1.0.0 --set max_points=100 --json']))
    .action(cli.action(async (command) => (await import('../actions/component.ts')).componentRunCommand(cli.io, globalsOf(command), command.args[0] as string, command.opts<ComponentRunFlags>())));
}
