import { Option, type Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { Cli } from '../cli.ts';
import type { RunFlags } from '../actions/run.ts';
import { wholeNumber } from './option-values.ts';

export function addRun(program: Command, cli: Cli): void {
  const modeText = 'run in that mode';
  const logText = 'log less or more than log.level';
  program
    .command('run')
    .summary('mine until stopped')
    .description('Mine until stopped (Ctrl-C). Without a mode flag the mode is mining.mode of the configuration.')
    .option('--demo', modeText)
    .option('--test', modeText)
    .option('--staging', modeText)
    .option('--mode <mode>', 'demo, test, staging, live (needs mining.live)')
    .addOption(new Option('--brain-mode <mode>').hideHelp())
    .option('--zeros <n>', 'local target, in leading zero hex digits', wholeNumber(0, 64))
    .option('--max-attempts <n>', 'hashes a round; 0 = ends by time only', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--rounds <n>', 'stop after this many rounds; 0 = never', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--no-auto-submit', 'check and record shares, but send none')
    .option('--no-version-rolling', 'never change the version field')
    .option('--kernel <name>', 'CPU hash kernel, see `rigbrain devices`')
    .option('--threads <n>', 'CPU hashing threads', wholeNumber(1, 1024))
    .option('--capture <dir>', 'write down what goes over serial ports, for `replay`')
    .option('--quiet', logText)
    .option('--verbose', logText)
    .option('--debug', logText)
    .addHelpText('after', closing(['rigbrain run --demo                    built-in pool and broker', 'rigbrain run --staging --rounds 1      real work, nothing submitted']))
    // What is not known here may be one of the blueprint's flags: ../actions/blueprint-flags.ts reads them.
    .allowUnknownOption()
    .allowExcessArguments()
    .action(cli.action(async (command) => (await import('../actions/run.ts')).run(cli.io, globalsOf(command), command.opts<RunFlags>(), command.args, longNames(command))));
}

function longNames(command: Command): string[] {
  return [command, ...(command.parent === null ? [] : [command.parent])].flatMap((one) => one.options.flatMap((option) => option.long ?? []));
}
