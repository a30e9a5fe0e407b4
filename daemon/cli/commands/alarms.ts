import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { Cli } from '../cli.ts';

export function addAlarms(program: Command, cli: Cli): void {
  const alarms = program.command('alarms').summary('try where alarms go').description('Where alarms go beside MQTT, screen, log and ledger: alarms.webhooks of the configuration.').addHelpText('after', closing(['rigbrain alarms test']));
  alarms
    .command('test')
    .summary('send a test message to every webhook')
    .description('Send a message that says it is a test to every configured webhook, once, and say what came back. Neither address nor token is shown. Exit code 0 when all took it, else 69.')
    .addHelpText('after', closing(['rigbrain alarms test']))
    .action(cli.action(async (command) => (await import('../actions/alarms-test.ts')).testAlarms(cli.io, globalsOf(command))));
}
