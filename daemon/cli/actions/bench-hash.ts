/** `rigbrain bench hash`: prints what bench/hash.ts measures, or serves a harness as bench/hash-worker.ts does. */
import { benchHash, type BenchHashOptions, type HashReport } from '../../../bench/hash.ts';
import { chooseForm, hashWorker } from '../../../bench/hash-worker.ts';
import { findAddon } from '../../../kernels/loader.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import { paint, type CliIo } from '../io.ts';
import { textTable } from '../table.ts';

export interface BenchHashFlags {
  readonly kernel: string;
  readonly only?: readonly string[];
  readonly slices: number;
  readonly sliceMs: number;
  readonly cpu?: number;
  /** Kernel of the worker; undefined = measure. */
  readonly worker?: string;
  /** False with --no-version-rolling. */
  readonly versionRolling: boolean;
}

/** @param size smaller measurements, for tests */
export async function benchHashCommand(io: CliIo, globals: Globals, flags: BenchHashFlags, size: BenchHashOptions = {}): Promise<number> {
  if (flags.worker !== undefined) return workerCommand(io, flags, flags.worker);
  const only = flags.only?.flatMap((names) => names.split(',')).filter((name) => name !== '');
  if (!globals.json) io.err('rigbrain: measuring; other programs that run now lower the numbers');
  const { kernel, slices, sliceMs, cpu, versionRolling } = flags;
  const report = await benchHash({ kernel, slices, sliceMs, versionRolling, ...(cpu === undefined ? {} : { cpu }), ...(only === undefined ? {} : { only }), ...size });
  io.out(globals.json ? JSON.stringify(report, null, 2) : table(io, report));
  return EXIT.ok;
}

async function workerCommand(io: CliIo, { versionRolling, cpu }: BenchHashFlags, worker: string): Promise<number> {
  const chosen = chooseForm(worker, versionRolling);
  if (cpu !== undefined) bindTo(cpu);
  const good = await hashWorker(chosen, { input: process.stdin, out: (line) => io.out(line), err: (line) => io.err(line) });
  return good ? EXIT.ok : EXIT.failure;
}

function bindTo(cpu: number): void {
  const { addon } = findAddon();
  if ((addon?.pinThread(cpu) ?? -1) !== cpu) throw new RigError('E_FLAG_INVALID', `this thread cannot be bound to CPU ${cpu}`, { hint: addon ? 'Choose one of the CPUs this process may use (taskset -p $$).' : 'That needs the native addon: npm run build:native.' });
}

function table(io: CliIo, report: HashReport): string {
  const percent = (share: number | null): string => (share === null ? '' : `${(share * 100).toFixed(1)} %`);
  const rows = report.kernels.map((row) => [
    row.kernel,
    row.isa,
    String(row.lanes),
    String(row.versions),
    (row.hashes_per_second / 1e6).toFixed(3),
    `${(row.min / 1e6).toFixed(3)}-${(row.max / 1e6).toFixed(3)}`,
    row.cycles_per_hash?.toFixed(1) ?? '',
    percent(row.share_of_bound),
    row.ratio_to_js === null ? '' : `${row.ratio_to_js}x`,
  ]);
  const head = ['kernel', 'instruction set', 'lanes', 'versions', 'MH/s', 'min-max', 'cycles/hash', 'of bound', 'vs js'];
  const { job_switch_us: job, event_loop_delay_ms: loop, two_threads: two, pinning, clock_hertz: clock } = report;
  const where = pinning.granted ? `measured on CPU ${pinning.cpu}` : 'not bound to a CPU';
  return [
    `${report.cpu}, ${report.threads} threads, load ${report.load_1m}, ${where}${clock === null ? '' : ` at ${(clock / 1e9).toFixed(2)} GHz`}`,
    ...textTable(io, head, rows, 2),
    `two threads       ${two === null ? 'not measured: one processor' : `${two.ratio}x one (${(two.two_hashes_per_second / 1e6).toFixed(1)} over ${(two.one_hashes_per_second / 1e6).toFixed(1)} MH/s)`}`,
    `job switch        p50 ${job.p50.toFixed(0)} us, p99 ${job.p99.toFixed(0)} us (${job.threads} ${job.threads === 1 ? 'thread' : 'threads'}, one processor free)`,
    `event-loop delay  p50 ${loop.p50} ms, p99 ${loop.p99} ms, worst ${loop.max} ms (all processors hashing at nice ${report.nice})`,
    ...report.not_measured.map((reason) => paint(io, 'dim', `not measured: ${reason}`)),
  ].join('\n');
}
