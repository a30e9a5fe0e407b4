/** `rigbrain bench solver`: what a step of the field solver costs on this machine. */
import { benchSolver, GRIDS, type SolverBenchOptions, type SolverReport } from '../bench/solver/bench.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import { paint, type CliIo } from '../io.ts';
import { textTable } from '../table.ts';

export interface BenchSolverFlags {
  readonly rounds: number;
  readonly sliceMs: number;
  readonly python: string;
}

/** @param grids fewer and smaller ones, for tests */
export async function benchSolverCommand(io: CliIo, globals: Globals, flags: BenchSolverFlags, grids: SolverBenchOptions['grids'] = GRIDS): Promise<number> {
  const tell = (words: string): void => void (globals.json || io.err(`rigbrain: ${words}`));
  const report = await benchSolver({ ...flags, grids, tell });
  io.out(globals.json ? JSON.stringify(report, null, 2) : text(io, report));
  return EXIT.ok;
}

function text(io: CliIo, report: SolverReport): string {
  const rows = report.ms_per_step.map((row) => {
    const growth = report.growth.find(({ dim, to_N, backend }) => dim === row.dim && to_N === row.N && backend === row.backend);
    const excess = growth === undefined ? '' : `${growth.excess > 0 ? '+' : ''}${(growth.excess * 100).toFixed(0)} %`;
    return [`${row.dim}-D`, row.backend, String(row.N), row.ms.toFixed(3), `${row.min.toFixed(3)}-${row.max.toFixed(3)}`, excess];
  });
  const { flat, coupled } = report.convergence_order;
  const times = (ratio: number | null): string => (ratio === null ? 'not measured' : `${ratio}x`);
  const numpy = report.numpy.reason === null ? `numpy ${report.numpy.version}, whose field is ${report.numpy.difference?.toExponential(1)} from ours` : `no numpy: ${report.numpy.reason}`;
  return [
    `${report.cpu}, node ${report.node}, load ${report.load_1m}, ${report.rounds} rounds; ${numpy}`,
    ...textTable(io, ['grid', 'backend', 'N', 'ms/step', 'min-max', 'over N^d log N'], rows, 2),
    `order of the scheme  ${flat} in flat space, ${coupled} with geometry`,
    `fastest C kernel     ${times(report.ratio_to_typescript)} TypeScript, ${times(report.ratio_to_numpy)} numpy`,
    ...report.not_measured.map((reason) => paint(io, 'dim', `not measured: ${reason}`)),
  ].join('\n');
}
