import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';

export function addHub(program: Command, cli: Cli): void {
  const hub = program
    .command('hub')
    .summary('how to log in to the web page of this rig')
    .description('The web page of this rig: where it is, and what to log in with.')
    .addHelpText('after', closing(['rigbrain hub url', 'rigbrain hub url --data /var/lib/rigbrain']));
  hub
    .command('url')
    .summary('print the address that logs a browser in')
    .description('Print the address of the page of the daemon that runs on this data folder, with the token behind #: whoever has it can log in. Exit code 69 when no hub runs.')
    .addHelpText('after', closing(['rigbrain hub url', 'rigbrain hub url --json']))
    .action(cli.action(async (command) => (await import('../actions/hub.ts')).showHubUrl(cli.io, globalsOf(command))));
  hub
    .command('token')
    .summary('print the token')
    .description('Print the token of the hub: hub.token of the configuration, else the one made at the first start, which is kept in hub.token in the data folder.')
    .addHelpText('after', closing(['curl -H "Authorization: Bearer $(rigbrain hub token)" localhost:8080/api/state']))
    .action(cli.action(async (command) => (await import('../actions/hub.ts')).showHubToken(cli.io, globalsOf(command))));
}
