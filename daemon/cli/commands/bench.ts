import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import { closing } from '../help.ts';
import type { BenchDriversFlags } from '../actions/bench-drivers.ts';
import type { BenchHashFlags } from '../actions/bench-hash.ts';
import type { BenchLedgerFlags } from '../actions/bench-ledger.ts';
import type { BenchStratumFlags } from '../actions/bench-stratum.ts';
import type { BenchSolverFlags } from '../actions/bench-solver.ts';
import type { Cli } from '../cli.ts';
import { repeated, wholeNumber } from './option-values.ts';

/** Debian's package is for the system's python; the first one of the path may be another. */
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

export function addBench(program: Command, cli: Cli): void {
  const bench = program
    .command('bench')
    .summary('measure this machine')
    .description('Measurements on this machine, now: stop other programs first.')
    .addHelpText('after', closing(['rigbrain bench hash']));
  bench
    .command('hash')
    .summary('hash kernels, job switch and event-loop delay')
    .description('Hash rate of every kernel on one thread bound to a CPU, plain and with rolled versions, in turn; then two threads against one, the time a new job takes to reach the threads, and how late the event loop is. About 20 seconds.')
    .option('--kernel <name>', 'kernel whose threads are measured', 'auto')
    .option('--only <names>', 'kernels to rate, e.g. avx512,avx2:1', repeated)
    .option('--slices <n>', 'slices of each kernel', wholeNumber(1, 1000), 12)
    .option('--slice-ms <ms>', 'length of a slice', wholeNumber(1, 10_000), 60)
    .option('--cpu <n>', 'CPU to measure on (default: the last)', wholeNumber(0, 1_048_575))
    .option('--no-version-rolling', 'plain kernels only, in threads or worker')
    .option('--worker <kernel>', 'serve a harness, see docs/cli.md; avx512:1 = plain')
    .addHelpText('after', closing(['rigbrain bench hash', "rigbrain bench hash --json | jq '.kernels[] | {kernel, hashes_per_second}'", 'echo "S 1000" | rigbrain bench hash --worker avx512:1']))
    .action(cli.action(async (command) => (await import('../actions/bench-hash.ts')).benchHashCommand(cli.io, globalsOf(command), command.opts<BenchHashFlags>())));
  bench
    .command('drivers')
    .summary('16 simulated devices, mined with while plugs are pulled')
    .description('The daemon against simulated devices of every family on ttys (needs socat): how long a job takes from the pool to the wire and a nonce back, whether a share is lost or told twice, and whether a sick device is felt by the others.')
    .option('--seconds <n>', 'how long, once all devices hash', wholeNumber(5, 86_400), 180)
    .option('--sticks <n>', 'devices, up to 16', wholeNumber(1, 16), 16)
    .option('--seed <n>', 'of the pulled plugs and faults', wholeNumber(1, 2 ** 31), 1)
    .option('--log <file>', "for the daemon's warnings")
    .option('--hunt <n>', 'jobs of a parameter hunt that run beside it; 0 = none', wholeNumber(0, 64), 0)
    .option('--no-unplug', 'leave all plugs alone, and no faults')
    .addHelpText('after', closing(['rigbrain bench drivers', 'rigbrain bench drivers --json --seconds 600 --seed 7']))
    .action(cli.action(async (command) => (await import('../actions/bench-drivers.ts')).benchDriversCommand(cli.io, globalsOf(command), command.opts<BenchDriversFlags>())));
  bench
    .command('stratum')
    .summary('the LAN pool under a load of miners')
    .description('The daemon with its LAN pool on one processor; on another the pool above and miners with real shares. The highest rate at which 99 % are answered in 50 ms, the way of a job to the last miner, memory with idle miners. About 2 minutes.')
    .option('--clients <n>', 'miners that submit', wholeNumber(1, 20_000), 1000)
    .option('--seconds <n>', 'length of each figure', wholeNumber(1, 3600), 20)
    .option('--idle <n>', 'miners for the figure of memory; 0 = none', wholeNumber(0, 20_000), 10_000)
    .option('--rate <n>', 'submits a second (default: the highest)', wholeNumber(1, 1_000_000))
    .option('--log <file>', "for the daemon's warnings")
    .option('--profile <dir>', 'for a CPU profile of the daemon')
    .addHelpText('after', closing(['rigbrain bench stratum', "rigbrain bench stratum --json | jq '{submits_per_s, answer_ms, limits}'"]))
    .action(cli.action(async (command) => (await import('../actions/bench-stratum.ts')).benchStratumCommand(cli.io, globalsOf(command), command.opts<BenchStratumFlags>())));
  bench
    .command('ledger')
    .summary('what the ledger costs, at long histories')
    .description('Entries a second, bytes and fsyncs of the ledger at histories of different length, start after kill -9, and what each preset writes a day. About 6 minutes and 6 GB in the data folder, which are removed.')
    .option('--baseline', 'beside it the original way, up to 10000 entries')
    .option('--history <n>', 'e.g. 100,10000 (default: also 1000000)', repeated)
    .option('--preset <name>', 'sd-card, ssd or paranoid', 'sd-card')
    .option('--wear <how>', 'counted, device (as root), none', 'counted')
    .addHelpText('after', closing(['rigbrain bench ledger --baseline --history 100,10000', 'rigbrain bench ledger --json --data /mnt/card']))
    .action(cli.action(async (command) => (await import('../actions/bench-ledger.ts')).benchLedgerCommand(cli.io, globalsOf(command), command.opts<BenchLedgerFlags>())));
  bench
    .command('solver')
    .summary('the field solver, per grid and kernel, and its order')
    .description('Processor time of a step of the field solver on one thread: every C kernel, TypeScript and numpy (when python3 has it, and comes to the same field) in turn, on four grids; and the order of the scheme, measured. About 3 minutes.')
    .option('--rounds <n>', 'slices of each', wholeNumber(1, 1000), 7)
    .option('--slice-ms <ms>', 'length of a slice', wholeNumber(1, 60_000), 200)
    .option('--python <command>', 'python with numpy (Debian: python3-numpy)', PYTHON)
    .addHelpText('after', closing(['rigbrain bench solver', "rigbrain bench solver --json | jq '.ratio_to_numpy'"]))
    .action(cli.action(async (command) => (await import('../actions/bench-solver.ts')).benchSolverCommand(cli.io, globalsOf(command), command.opts<BenchSolverFlags>())));
}
