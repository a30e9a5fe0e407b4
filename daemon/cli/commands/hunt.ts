import { InvalidArgumentError, type Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { Cli } from '../cli.ts';
import type { HuntBestFlags } from '../actions/hunt-best.ts';
import type { HuntExportFlags } from '../actions/hunt-export.ts';
import type { HuntResumeFlags, HuntStartFlags } from '../actions/hunt-run.ts';
import type { HuntStatusFlags } from '../actions/hunt-status.ts';
import type { HuntSteerFlags } from '../actions/hunt-tell.ts';
import type { ModeFlags } from '../actions/run-mode.ts';
import { addHuntWorker } from './hunt-worker.ts';
import { repeated, wholeNumber } from './option-values.ts';

export function addHunt(program: Command, cli: Cli): void {
  const hunt = program
    .command('hunt')
    .summary('search parameters of the field simulation')
    .description('Search parameters of the field simulation (docs/hunt.md). Where a daemon runs on the data folder, it does the work; else this command does. HUNT is a hunt id or its beginning; default: the newest.')
    .addHelpText('after', closing(['rigbrain hunt start --generations 10 --population 10', 'rigbrain hunt best', 'rigbrain hunt resume --more 5']));
  addStart(hunt, cli);
  addStatus(hunt, cli);
  addTellers(hunt, cli);
  addResume(hunt, cli);
  addSteer(hunt, cli);
  addBest(hunt, cli);
  addExport(hunt, cli);
  addHuntWorker(hunt, cli);
}

function addStart(hunt: Command, cli: Cli): void {
  const start = hunt
    .command('start')
    .summary('begin a hunt')
    .description('Begin a hunt: in the running daemon, else here until it ends or Ctrl-C; `rigbrain hunt resume` goes on. What is not given is as configured.')
    .option('--generations <n>', 'generations in all', wholeNumber(1, 1_000_000))
    .option('--population <n>', 'jobs of each', wholeNumber(1, 1000))
    .option('--seed <n>', 'of all that is drawn at random', wholeNumber(0, 2 ** 32 - 1))
    .option('--set <key=value>', 'simulation parameter; repeatable', repeated)
    .option('--bounds <range>', 'gene=min:max[:log] or file', repeated)
    .option('--golden-seeds <n>', 'seeds to prove the best on', wholeNumber(0, 100));
  withRunning(withMode(start))
    .addHelpText('after', closing(['rigbrain hunt start --generations 5 --set N_grid=32', 'rigbrain hunt start --bounds sdg_alpha=1:2 --bounds sncgl_lambda=0.01:0.1:log']))
    .action(cli.action(async (command) => (await import('../actions/hunt-run.ts')).huntStart(cli.io, globalsOf(command), command.opts<HuntStartFlags>())));
}

function addResume(hunt: Command, cli: Cli): void {
  const resume = hunt
    .command('resume')
    .summary('go on with a hunt that was paused, stopped or killed')
    .description('Go on with a hunt that was paused, stopped or killed: jobs that have ended are kept, all others are run. One that is complete needs --more.')
    .argument('[hunt]', 'hunt id or its beginning')
    .option('--more <n>', 'so many generations more', wholeNumber(1, 1_000_000));
  withRunning(withMode(resume))
    .addHelpText('after', closing(['rigbrain hunt resume', 'rigbrain hunt resume 3f2a --more 10']))
    .action(cli.action(async (command) => (await import('../actions/hunt-run.ts')).huntResume(cli.io, globalsOf(command), command.args[0] ?? null, command.opts<HuntResumeFlags>())));
}

function addStatus(hunt: Command, cli: Cli): void {
  const status = hunt
    .command('status')
    .summary('what runs and what ran')
    .description('The hunt that runs, or the newest of the data folder, or the one named.')
    .argument('[hunt]', 'hunt id or its beginning')
    .option('--all', 'all hunts of the data folder');
  withMode(status)
    .addHelpText('after', closing(['rigbrain hunt status --all', "rigbrain hunt status --json | jq '.hunt.generations[-1]'"]))
    .action(cli.action(async (command) => (await import('../actions/hunt-status.ts')).huntStatus(cli.io, globalsOf(command), command.args[0] ?? null, command.opts<HuntStatusFlags>())));
}

function addTellers(hunt: Command, cli: Cli): void {
  for (const [word, summary, description] of [
    ['pause', 'begin no more jobs', 'Begin no more jobs; those under way end. For the hunt of a running daemon.'],
    ['stop', 'end the hunt; resume goes on', 'End the hunt of a running daemon. Jobs under way are run again by `rigbrain hunt resume`; those that have ended are kept.'],
  ] as const) {
    withMode(hunt.command(word).summary(summary).description(description))
      .addHelpText('after', closing([`rigbrain hunt ${word}`]))
      .action(cli.action(async (command) => (await import('../actions/hunt-tell.ts')).huntTell(cli.io, globalsOf(command), word, command.opts<ModeFlags>())));
  }
}

function addSteer(hunt: Command, cli: Cli): void {
  const steer = hunt
    .command('steer')
    .summary('change rates, or give values to try')
    .description('Change how the next generations are bred, or give values to try in the next one. For the hunt of a running daemon.')
    .option('--crossover-rate <n>', 'how often a child has two parents, 0 to 1', share)
    .option('--mutation-rate <n>', 'how often a value is changed, 0 to 1', share)
    .option('--mutation-strength <n>', 'how far, in parts of its range, 0 to 1', share)
    .option('--inject <values>', 'gene=value,gene=value to try; repeatable', repeated);
  withMode(steer)
    .addHelpText('after', closing(['rigbrain hunt steer --mutation-strength 0.2', 'rigbrain hunt steer --inject sdg_alpha=1.5,sncgl_c3=0.4']))
    .action(cli.action(async (command) => (await import('../actions/hunt-tell.ts')).huntSteer(cli.io, globalsOf(command), command.opts<HuntSteerFlags>())));
}

function addBest(hunt: Command, cli: Cli): void {
  const best = hunt
    .command('best')
    .summary('the best run, and what its score amounts to')
    .description('The best run with its parameters, its p-value, what scrambled fields score, and how it did on fresh seeds: what its score amounts to, in words. --json prints the final best run.')
    .argument('[hunt]', 'hunt id or its beginning');
  withMode(best)
    .addHelpText('after', closing(['rigbrain hunt best', "rigbrain hunt best --json | jq .sncgl_params"]))
    .action(cli.action(async (command) => (await import('../actions/hunt-best.ts')).huntBest(cli.io, globalsOf(command), command.args[0] ?? null, command.opts<HuntBestFlags>())));
}

function addExport(hunt: Command, cli: Cli): void {
  const one = 'that file alone, to stdout or --out';
  const exporter = hunt
    .command('export')
    .summary('its files for others, with their sums')
    .description('Write table, provenance files, journal and golden.json of a hunt to a new folder or a .tar, .tar.gz or .tgz file, with SHA256SUMS, and read them back. Exit code 1 when something is missing or was changed.')
    .argument('[hunt]', 'hunt id or its beginning')
    .option('--out <place>', 'folder, archive or file to write')
    .option('--fields', 'the last field of every run as well')
    .option('--csv', one)
    .option('--golden', one);
  withMode(exporter)
    .addHelpText('after', closing(['rigbrain hunt export --out hunt.tar.gz', 'rigbrain hunt export 3f2a --csv > ledger.csv']))
    .action(cli.action(async (command) => (await import('../actions/hunt-export.ts')).huntExport(cli.io, globalsOf(command), command.args[0] ?? null, command.opts<HuntExportFlags>())));
}

function withRunning(command: Command): Command {
  const follow = 'show how the daemon gets on';
  return command.option('--workers <n>', 'without a daemon: jobs at a time', wholeNumber(1, 64)).option('--follow', follow).option('--wait', follow);
}

/** Options that say whose hunts. */
function withMode(command: Command): Command {
  const mode = 'hunts of that mode';
  return command.option('--demo', mode).option('--test', mode).option('--staging', mode).option('--mode <mode>', mode);
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('It must be a number from 0 to 1.');
  return value;
}
