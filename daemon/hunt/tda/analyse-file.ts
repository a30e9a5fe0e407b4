import path from 'node:path';
import { messageOf, RigError } from '../../../protocol/common/errors.ts';
import type { Disk } from '../../ledger/disk/disk.ts';
import { isMissing } from '../../ledger/disk/disk.ts';
import { readWhole, writeWhole } from '../../ledger/disk/files.ts';
import { FIELD_MAGIC, readField } from '../artifact.ts';
import { provenanceSchema, type Provenance } from '../provenance.ts';
import { eventsCsv, eventsName, readEventsCsv } from './events-csv.ts';
import type { FieldEvent } from './events.ts';
import { eventTopology, fieldTopology, type Topology } from './topology.ts';
import { topologySvg, topologySvgName } from './topology-svg.ts';

export interface AnalyseOptions {
  /** Density above which a point is an event. Default: mean + 3 standard deviations; of a table of events: all of them. */
  readonly threshold?: number;
  /** Of a table of events: length of the periodic box they are in. Default: open space. */
  readonly period?: number;
  /** Most events of the diagram, up to 300. */
  readonly maxPoints?: number;
}

export interface Analysis {
  /** Job of the field, or the name of the table without its ending. */
  readonly id: string;
  readonly source: 'provenance' | 'field' | 'events';
  readonly job_uuid: string | null;
  readonly topology: Topology;
  readonly events: readonly FieldEvent[];
}

/**
 * Analyses a provenance file (and the field file it names), a field file, or a table of events (CSV).
 * @throws RigError E_TDA_INPUT that says what is wrong with which file, and where
 */
export async function analyseFile(disk: Disk, file: string, options: AnalyseOptions = {}): Promise<Analysis> {
  const bytes = await read(disk, file);
  if (bytes.subarray(0, FIELD_MAGIC.length).toString('latin1') === FIELD_MAGIC) return analyseField(disk, file, options);
  const text = bytes.toString('utf8');
  if (/^\uFEFF?\s*\{/.test(text)) return analyseProvenance(disk, file, text, options);
  return analyseTable(file, text, options);
}

async function analyseProvenance(disk: Disk, file: string, text: string, options: AnalyseOptions): Promise<Analysis> {
  const provenance = provenanceOf(file, text);
  const { field } = provenance.artifacts;
  if (field === null) throw unusable(file, `job ${provenance.job_uuid} left no field (${provenance.error ?? 'it says not why'})`);
  // As a hunt has it, beside the folder of provenance files; or moved to the file's own folder.
  const places = [path.resolve(path.dirname(path.dirname(file)), field.path), path.join(path.dirname(file), path.basename(field.path))];
  for (const place of places) {
    try {
      await disk.stat(place);
    } catch (error) {
      if (isMissing(error)) continue;
      throw unusable(place, messageOf(error), error);
    }
    return { ...(await analyseField(disk, place, options, { sha256: field.sha256, job_uuid: provenance.job_uuid, steps: provenance.timing.steps })), source: 'provenance' };
  }
  throw unusable(file, `its field file is neither ${places.join(' nor ')}; hunts keep the newest only (hunt.keep_fields), and those of the best runs`);
}

async function analyseField(disk: Disk, file: string, { threshold, maxPoints }: AnalyseOptions, expected?: { readonly sha256: string; readonly job_uuid: string; readonly steps: number | null }): Promise<Analysis> {
  const { job_uuid, n, dim, state } = await readField(disk, file, expected?.sha256).catch((error: unknown) => {
    throw unusable(file, messageOf(error).replace(`${file}: `, ''), error);
  });
  if (expected !== undefined && job_uuid !== expected.job_uuid) throw unusable(file, `it is the field of job ${job_uuid}, not of ${expected.job_uuid}`);
  if (!state.psi.re.every(Number.isFinite) || !state.psi.im.every(Number.isFinite)) throw unusable(file, 'the field has numbers that are not finite');
  const { topology, events } = fieldTopology(state.psi, n, dim, { tStep: expected?.steps ?? null, ...(threshold !== undefined && { threshold }), ...(maxPoints !== undefined && { maxPoints }) });
  return { id: job_uuid, source: 'field', job_uuid, topology, events };
}

function analyseTable(file: string, text: string, { threshold, period, maxPoints }: AnalyseOptions): Analysis {
  const all = readEventsCsv(text, file);
  if (threshold !== undefined && all.some(({ magnitude }) => magnitude === null)) throw unusable(file, 'there is an event without a magnitude to hold against the threshold');
  const events = (threshold === undefined ? all : all.filter(({ magnitude }) => magnitude! > threshold)).sort((a, b) => (b.magnitude ?? 0) - (a.magnitude ?? 0));
  const name = path.basename(file).replace(/\.csv$/i, '');
  const topology = eventTopology(events, period ?? null, maxPoints);
  return { id: name, source: 'events', job_uuid: null, events, topology: { ...topology, threshold: threshold ?? null } };
}

function provenanceOf(file: string, text: string): Provenance {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw unusable(file, `it is no JSON: ${messageOf(error)}`, error);
  }
  const parsed = provenanceSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unusable(file, `it is no provenance file of this version: ${issue!.path.join('.') || 'the whole'}: ${issue!.message}`);
}

async function read(disk: Disk, file: string): Promise<Buffer> {
  try {
    return await readWhole(disk, file);
  } catch (error) {
    throw new RigError('E_TDA_INPUT', `${file} cannot be read: ${messageOf(error)}`, { cause: error, context: { file } });
  }
}

const unusable = (file: string, why: string, cause?: unknown): RigError => new RigError('E_TDA_INPUT', `${file}: ${why}`, { context: { file }, ...(cause !== undefined && { cause }) });

export const topologyName = (id: string): string => `topology_${id}.json`;

/**
 * Writes what was found: the topology as JSON, the chart, and the events of a field as a table. The provenance file is left as it is:
 * `golden.json` holds its SHA-256.
 * @returns the files, absolute @throws the disk's error
 */
export async function writeAnalysis(disk: Disk, folder: string, { id, source, job_uuid, topology, events }: Analysis): Promise<string[]> {
  const files: [string, string][] = [
    [topologyName(id), `${JSON.stringify({ schema_version: '1.0', id, job_uuid, source, topology }, null, 2)}\n`],
    [topologySvgName(id), topologySvg(id, topology)],
    ...(source === 'events' ? [] : [[eventsName(id), eventsCsv(events)] as [string, string]]),
  ];
  const written: string[] = [];
  for (const [name, text] of files) {
    const file = path.join(folder, name);
    await writeWhole(disk, file, Buffer.from(text));
    written.push(file);
  }
  return written;
}
