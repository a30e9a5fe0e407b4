/** `rigbrain bench hash`: prints what bench/hash.ts measures. */
import { benchHash, type BenchHashOptions, type HashReport } from '../../../bench/hash.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import { paint, type CliIo } from '../io.ts';
import { textTable } from '../table.ts';

export async function benchHashCommand(io: CliIo, globals: Globals, kernel: string, options: BenchHashOptions = {}): Promise<number> {
  if (!globals.json) io.err('rigbrain: measuring, about 8 seconds');
  const report = await benchHash({ ...options, kernel });
  io.out(globals.json ? JSON.stringify(report, null, 2) : table(io, report));
  return EXIT.ok;
}

function table(io: CliIo, report: HashReport): string {
  const rows = report.kernels.map(({ kernel, isa, lanes, hashes_per_second, ratio_to_js }) => [kernel, isa, String(lanes), (hashes_per_second / 1e6).toFixed(3), `${ratio_to_js}x`]);
  const head = ['kernel', 'instruction set', 'lanes', 'MH/s', 'vs js'];
  const { job_switch_us: job, event_loop_delay_ms: loop } = report;
  return [
    `${report.cpu}, ${report.threads} threads, load ${report.load_1m}`,
    ...textTable(io, head, rows, 2),
    `job switch        p50 ${job.p50.toFixed(0)} us, p99 ${job.p99.toFixed(0)} us (${job.threads} ${job.threads === 1 ? 'thread' : 'threads'}, one processor free)`,
    `event-loop delay  p50 ${loop.p50} ms, p99 ${loop.p99} ms (all processors hashing)`,
    ...report.not_measured.map((reason) => paint(io, 'dim', `not measured: ${reason}`)),
  ].join('\n');
}
