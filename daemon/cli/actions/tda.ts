/** `rigbrain tda`: what shape the bright places of a field have. */
import path from 'node:path';
import { messageOf, RigError } from '../../../protocol/common/errors.ts';
import { analyseFile, writeAnalysis, type Analysis } from '../../hunt/tda/analyse-file.ts';
import { nodeDisk } from '../../ledger/disk/node-disk.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { textTable } from '../table.ts';

export interface TdaFlags {
  readonly out?: string;
  readonly threshold?: number;
  readonly period?: number;
  readonly maxPoints?: number;
}

const LONGEST = 5;

/** @throws RigError E_TDA_INPUT; E_DATA_DIR when the files cannot be written */
export async function tdaCommand(io: CliIo, globals: Globals, file: string, { out, ...options }: TdaFlags): Promise<number> {
  const input = path.resolve(io.cwd, file);
  const folder = out === undefined ? path.dirname(input) : path.resolve(io.cwd, out);
  const analysis = await analyseFile(nodeDisk, input, options);
  const files = await writeAnalysis(nodeDisk, folder, analysis).catch((error: unknown) => {
    throw new RigError('E_DATA_DIR', `${folder} cannot be written: ${messageOf(error)}`, { cause: error, hint: 'Give another folder with --out.' });
  });
  const { id, source, job_uuid, topology } = analysis;
  if (globals.json) {
    io.out(JSON.stringify({ id, source, job_uuid, topology, files }));
    return EXIT.ok;
  }
  for (const line of report(io, analysis)) io.out(line);
  for (const name of files) io.err(`written: ${name}`);
  return EXIT.ok;
}

function report(io: CliIo, { id, topology: t }: Analysis): string[] {
  const words = (value: number | null): string => (value === null ? 'not computed' : String(value));
  const threshold = t.threshold === null ? 'all given' : `density above ${t.threshold.toPrecision(6)}${t.threshold_sigmas === null ? '' : ` (mean ${t.threshold_sigmas < 0 ? '-' : '+'} ${Math.abs(t.threshold_sigmas).toFixed(2)} sigma)`}`;
  const thinned = t.n_analysed === t.n_events ? '' : `, ${t.n_analysed} of them analysed (the others are within ${t.decimation_radius.toFixed(2)} cells)`;
  const lines = [
    `${id}: ${t.n_events} events, ${threshold}${thinned}; ${t.period === null ? 'open space' : `periodic box of ${t.period} cells`}`,
    '',
    ...textTable(io, ['', 'H0 pieces', 'H1 loops', 'H2 hollows'], [
      ['places above the threshold (Betti numbers)', words(t.betti_0), words(t.betti_1), words(t.betti_2)],
      [`events, bars longer than ${Number(t.persistence_cut.toFixed(2))} cells`, words(t.persistent_h0), words(t.persistent_h1), words(t.persistent_h2)],
      ...(t.superlevel === null ? [] : [[`density, bars longer than ${t.superlevel.persistence_cut} sigma`, words(t.superlevel.persistent_h0), words(t.superlevel.persistent_h1), 'not computed']]),
    ]),
    '',
    `clusters: ${words(t.q_counts.Q_nu)} Q_nu (with a loop), ${words(t.q_counts.transient)} transient (without); ${words(t.q_counts.unclustered)} events in none`,
  ];
  const longest = t.diagram.filter(([dim, , death]) => dim === 1 && death !== null).sort((a, b) => b[2]! - b[1] - (a[2]! - a[1])).slice(0, LONGEST);
  if (longest.length > 0) lines.push('', 'longest loops of the events, in cells:', ...textTable(io, ['birth', 'death', 'length'], longest.map(([, birth, death]) => [birth, death!, death! - birth].map((value) => value.toFixed(3))), 0));
  return [...lines, '', 'These are descriptions of a shape; no such count has been shown to predict anything.'];
}
