import { InvalidArgumentError, Option, type Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { Cli } from '../cli.ts';
import type { SimChipsFlags } from '../actions/sim-chips.ts';
import type { SimFleetFlags } from '../actions/sim-fleet.ts';
import type { SimBitaxeFlags, SimIcarusFlags, SimStickFlags } from '../actions/sim-hardware.ts';
import type { SimPoolFlags } from '../actions/sim-pool.ts';
import { positiveNumber, repeated, wholeNumber } from './option-values.ts';

/** The chips there are, with what they sit in. */
const CHIPS = { bm1362: 'S19j Pro', bm1366: 'Bitaxe Ultra, S19 XP', bm1368: 'Bitaxe Supra, S21', bm1370: 'Bitaxe Gamma, S21 Pro', bm1397: 'Bitaxe Max, S17' } as const;

export function addSim(program: Command, cli: Cli): void {
  const sim = program
    .command('sim')
    .summary('simulated peers to try Rigbrain against')
    .description('Simulated peers on this machine. They check what they are sent as real ones do.')
    .addHelpText('after', closing(['rigbrain sim pool --port 3333', 'rigbrain sim bm1370 --link /tmp/ttyASIC']));
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
  for (const model of Object.keys(CHIPS) as (keyof typeof CHIPS)[]) addChips(sim, cli, model);
  addHardware(sim, cli);
}

/** What every simulated device takes. */
function shared(command: Command, links: string): Command {
  return command
    .option('--rate <hashes>', 'most hashes a second, e.g. 2MH, 500kH (default: 2MH)', hashes)
    .option('--zero-bits <n>', 'zero bits of a nonce before the ticket; real: 32', wholeNumber(4, 32), 12)
    .option('--link <path>', links)
    .option('--fault <name>', 'misbehave; may be repeated, `--fault list` lists them', repeated)
    .option('--control', 'read lines: fault NAME, clear NAME, reset, power-cycle, unplug, plug, stats');
}

function addHardware(sim: Command, cli: Cli): void {
  const bitaxe = sim
    .command('bitaxe')
    .summary('a Bitaxe with bitaxe-raw firmware: control port and chips, each on a tty')
    .description('A simulated Bitaxe or EmberOne with bitaxe-raw firmware on two ptys, until Ctrl-C: regulator, fan, sensors, heat. It keeps count of what it went through.')
    .option('--board <version>', 'board version, or ember', '602')
    .addOption(new Option('--replies <format>', 'how the firmware replies').choices(['v0', 'v1']).default('v1'))
    .option('--heat-speed <n>', 'heat and air go this many times faster', positiveNumber, 1);
  shared(bitaxe, 'links to the ttys: PATH-control and PATH-asic')
    .addHelpText('after', closing(['rigbrain sim bitaxe --link /tmp/axe', 'rigbrain sim bitaxe --board 303 --fault fan-stalled --control']))
    .action(cli.action(async (command) => (await import('../actions/sim-hardware.ts')).simBitaxe(cli.io, globalsOf(command), command.opts<SimBitaxeFlags>())));
  const stick = sim
    .command('stick')
    .summary('a GekkoScience stick on a tty, or two')
    .description('A simulated GekkoScience stick on a pty, until Ctrl-C; A1 and A2 have a second one for their telemetry.')
    .argument('<name>', 'compac, 2pac, newpac, r606, compacf, r909, compac-a1 or compac-a2')
    .option('--chips <n>', 'chips in the chain (default: those of the stick)', wholeNumber(1, 128));
  shared(stick, 'link to the tty; of A1 and A2 PATH-asic and PATH-telemetry')
    .addHelpText('after', closing(['rigbrain sim stick 2pac --link /tmp/ttyPAC', 'rigbrain sim stick compac-a2 --link /tmp/a2 --fault sensor-open']))
    .action(cli.action(async (command) => (await import('../actions/sim-hardware.ts')).simStick(cli.io, globalsOf(command), command.args[0] ?? '', command.opts<SimStickFlags>())));
  const icarus = sim
    .command('icarus')
    .summary('an Icarus or Block Erupter on a tty')
    .description('A simulated Icarus, Block Erupter or Antminer U1 on a pty, until Ctrl-C. It answers the golden work.')
    .option('--model <name>', 'icarus, block-erupter, lancelot or antminer-u1', 'block-erupter');
  shared(icarus, 'symbolic link to the tty')
    .addHelpText('after', closing(['rigbrain sim icarus --link /tmp/ttyBE', 'rigbrain sim icarus --model antminer-u1 --fault lost-byte=3']))
    .action(cli.action(async (command) => (await import('../actions/sim-hardware.ts')).simIcarus(cli.io, globalsOf(command), command.opts<SimIcarusFlags>())));
  sim
    .command('fleet')
    .summary('many simulated devices in one process')
    .description('Simulated devices from a YAML file, all in one process, until Ctrl-C: NAME, a kind (chips, bitaxe, stick, icarus) and its options.')
    .argument('<file>', 'what to simulate')
    .option('--hashing <percent>', 'share of one processor for hashing, of all of them', wholeNumber(1, 100), 60)
    .option('--control', 'read lines: NAME, then fault, clear, reset, unplug, plug, stats')
    .addHelpText('after', closing(['rigbrain sim fleet rigs.yaml', "echo 'pac1: { kind: stick, stick: 2pac, link: /tmp/pac1 }' >> rigs.yaml"]))
    .action(cli.action(async (command) => (await import('../actions/sim-fleet.ts')).simFleet(cli.io, globalsOf(command), command.args[0] ?? '', command.opts<SimFleetFlags>())));
}

function addChips(sim: Command, cli: Cli, model: keyof typeof CHIPS): void {
  const chips = sim
    .command(model)
    .summary(`${model.toUpperCase()} chips (${CHIPS[model]}) on a tty`)
    .description(`Simulated ${model.toUpperCase()} chips on a pty, until Ctrl-C. Nonces are real, but easier.`)
    .option('--chips <n>', 'chips in the chain, 1 to 128', wholeNumber(1, 128), 1);
  shared(chips, 'symbolic link to the tty')
    .addHelpText('after', closing([`rigbrain sim ${model} --link /tmp/ttyASIC`, `rigbrain sim ${model} --chips 4 --rate 500kH --fault stray-byte=3`]))
    .action(cli.action(async (command) => (await import('../actions/sim-chips.ts')).simChips(cli.io, globalsOf(command), model, command.opts<SimChipsFlags>())));
}

/** `2MH`, `500kH`, `1.5MH/s`, `20000`. */
function hashes(text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)\s*(?:([kMG]?)H(?:\/s)?)?$/i.exec(text);
  const value = match ? Number(match[1]) * ({ k: 1e3, m: 1e6, g: 1e9 }[(match[2] ?? '').toLowerCase()] ?? 1) : 0;
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number of hashes a second, such as 2MH or 500kH.');
  return value;
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
