import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { Cli } from '../cli.ts';

export function addConfig(program: Command, cli: Cli): void {
  const config = program
    .command('config')
    .summary('show the effective configuration, or its schema')
    .description('Show the effective configuration, or its schema for editors.')
    .addHelpText('after', closing(['rigbrain config show --origin', 'rigbrain config schema > rig.schema.json']));
  config
    .command('show')
    .description('Print the effective configuration as YAML; secrets are masked.')
    .option('--origin', 'say where each value came from: default, file:line, variable or flag')
    .addHelpText('after', closing(['rigbrain config show --origin', 'RIGBRAIN_NODE__ID=rig7 rigbrain config show --json']))
    .action(cli.action(async (command) => (await import('../actions/config-show.ts')).configShow(cli.io, globalsOf(command), command.opts<{ origin?: boolean }>().origin === true)));
  config
    .command('schema')
    .description('Print the JSON Schema of the configuration file (draft 7).')
    .addHelpText('after', closing(['rigbrain config schema > rig.schema.json']))
    .action(cli.action(async () => (await import('../actions/config-schema.ts')).configSchema(cli.io)));
}
