/** The command line: one file a command, each loading its work only when it is asked for. */
import { Command, CommanderError } from 'commander';
import { RigError } from '../../protocol/common/errors.ts';
import { version } from '../version.ts';
import { addBench } from './commands/bench.ts';
import { addCapture } from './commands/capture.ts';
import { addCheck } from './commands/check.ts';
import { addConfig } from './commands/config.ts';
import { addDevices } from './commands/devices.ts';
import { addDoctor } from './commands/doctor.ts';
import { addHub } from './commands/hub.ts';
import { addAlarms } from './commands/alarms.ts';
import { addHunt } from './commands/hunt.ts';
import { addLedger } from './commands/ledger.ts';
import { addPools } from './commands/pools.ts';
import { addReplay } from './commands/replay.ts';
import { addRun } from './commands/run.ts';
import { addSafe } from './commands/safe.ts';
import { addSim } from './commands/sim.ts';
import { addSmoke } from './commands/smoke.ts';
import { addTda } from './commands/tda.ts';
import { addComponent } from './commands/component.ts';
import { addUdev } from './commands/udev.ts';
import type { Cli } from './cli.ts';
import { EXIT } from './exit-codes.ts';
import { closing, CompactHelp } from './help.ts';
import type { CliIo } from './io.ts';
import { reportError } from './report-error.ts';

/**
 * Runs one command line and resolves with the exit code. Never rejects.
 * @param argv arguments after the program's name
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram({
    io,
    action: (work) => async (...args) => {
      exitCode = await work(args.at(-1) as Command);
    },
  });
  const normal = normalizeOptions(argv);
  try {
    await program.parseAsync(normal, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok; // --help, --version
      if (error.code === 'commander.help') return EXIT.config; // no command: help went to stderr
      return reportError(io, usageError(error), normal.includes('--json'));
    }
    return reportError(io, error, normal.includes('--json'));
  }
}

function buildProgram(cli: Cli): Command {
  const program = new Command('rigbrain');
  program
    .description('Bitcoin mining daemon: pools, devices, an auditable ledger, MQTT.')
    .version(version(), '-V, --version', 'print the version')
    .option('--json', 'machine-readable output')
    .option('--data <dir>', 'folder for Mining/ and Test/ (default: here)')
    .option('--config <file>', 'configuration file')
    .addHelpText('after', closing(['rigbrain run --demo            try it: nothing leaves this machine']));
  for (const add of [addRun, addCheck, addConfig, addDoctor, addDevices, addPools, addAlarms, addUdev, addLedger, addHunt, addHub, addTda, addComponent, addBench, addCapture, addReplay, addSafe, addSim, addSmoke]) add(program, cli);
  configure(program, cli);
  return program;
}

/** Settings that commander does not hand down to commands added before they were made. */
function configure(command: Command, cli: Cli): void {
  command.createHelp = () => new CompactHelp();
  command.exitOverride().configureOutput({ writeOut: (text) => cli.io.out(text.trimEnd()), writeErr: (text) => cli.io.err(text.trimEnd()), outputError: () => {} });
  command.showSuggestionAfterError(true);
  for (const sub of command.commands) configure(sub, cli);
}

/** Underscores and dashes mean the same in option names: `--max_attempts` is `--max-attempts`. */
export function normalizeOptions(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return argv.map((arg, index) => {
    if (!arg.startsWith('--') || (end >= 0 && index >= end)) return arg;
    const equals = arg.indexOf('=');
    const name = equals < 0 ? arg : arg.slice(0, equals);
    return name.replaceAll('_', '-') + (equals < 0 ? '' : arg.slice(equals));
  });
}

/** Commander's own complaints as ours: `unknown option '--zeors' (did you mean --zeros?)`. */
function usageError(error: CommanderError): RigError {
  const text = error.message.replace(/^error: /, '').replace(/\n\(Did you mean/, ' (did you mean').trim();
  return new RigError('E_FLAG_INVALID', text, { hint: 'Run `rigbrain --help`, or `rigbrain COMMAND --help` for the options of a command.' });
}
