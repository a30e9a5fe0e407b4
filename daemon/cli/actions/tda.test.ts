import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_PARAMETERS } from '../../../kernels/spectral/parameters.ts';
import { systemClock } from '../../../protocol/common/clock.ts';
import { sha256Hex } from '../../hunt/canonical-json.ts';
import { configHash, contentOf, type HuntJob } from '../../hunt/job.ts';
import { provenanceName, type Provenance } from '../../hunt/provenance.ts';
import { runJob } from '../../hunt/run-job.ts';
import { localSteps } from '../../hunt/steps.ts';
import { nodeDisk } from '../../ledger/disk/node-disk.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';

const uuid = '00000000-0000-4000-8000-0000000000aa';
const content = contentOf({ ...DEFAULT_PARAMETERS, N_grid: 32, dt: 0.1, T_steps: 300, sncgl_epsilon: 0.5 }, 5);
const job: HuntJob = { job_uuid: uuid, config_hash: configHash(content), generation: 0, origin: 'uniform', parent_1: null, parent_2: null, ...content };

let dir = '';
let provenanceFile = '';
let fieldFile = '';
let provenance: Provenance;

beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-tda-'));
  const folder = path.join(dir, 'hunt');
  provenance = await runJob(job, { steps: localSteps(nodeDisk, 'typescript'), disk: nodeDisk, clock: systemClock, huntId: uuid, provenanceFolder: path.join(folder, 'provenance'), fieldFolder: path.join(folder, 'fields'), surrogates: 2, signal: new AbortController().signal });
  provenanceFile = path.join(folder, 'provenance', provenanceName(uuid));
  fieldFile = path.join(folder, provenance.artifacts.field!.path);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function tda(...argv: string[]) {
  const io = new FakeIo(dir);
  const code = await runCli(['tda', ...argv], io);
  return { code, io, json: () => JSON.parse(io.stdout) as { id: string; source: string; job_uuid: string | null; topology: NonNullable<Provenance['topology']>; files: string[] } };
}

describe('rigbrain tda', () => {
  test('finds the field of a provenance file, gives what stands in it, and writes three files; the provenance stays as it was', async () => {
    const before = sha256Hex(readFileSync(provenanceFile));
    const { code, json } = await tda(provenanceFile, '--json', '--out', 'found');
    expect(code).toBe(0);
    expect(json()).toMatchObject({ id: uuid, source: 'provenance', job_uuid: uuid });
    expect(json().topology).toEqual(provenance.topology);
    expect(provenance.topology).not.toBeNull();
    expect(json().files.map((file) => path.relative(dir, file))).toEqual([`found/topology_${uuid}.json`, `found/tda_taxonomy_${uuid}.svg`, `found/${uuid}_quantule_events.csv`]);
    expect(readdirSync(path.join(dir, 'found'))).toHaveLength(3);
    expect(sha256Hex(readFileSync(provenanceFile))).toBe(before);
    expect(JSON.parse(readFileSync(json().files[0]!, 'utf8'))).toMatchObject({ job_uuid: uuid, topology: provenance.topology });
  });

  test('prints tables for a person, and where the files are on stderr', async () => {
    const { code, io } = await tda(provenanceFile, '--out', 'found', '--threshold', '2');
    expect(code).toBe(0);
    expect(io.stdout).toMatch(/density above 2\.00000 \(mean - \d/);
    expect(io.stdout).toMatch(/H0 pieces +H1 loops +H2 hollows/);
    expect(io.stderr).toContain('written: ');
  });

  test('its own table of events gives the same diagram again', async () => {
    await tda(fieldFile, '--out', 'again', '--threshold', '7');
    const first = JSON.parse(readFileSync(path.join(dir, 'again', `topology_${uuid}.json`), 'utf8')) as { topology: { n_events: number; diagram: unknown } };
    expect(first.topology.n_events).toBeGreaterThan(10);
    const { json } = await tda(path.join(dir, 'again', `${uuid}_quantule_events.csv`), '--period', '32', '--json');
    expect(json()).toMatchObject({ source: 'events', job_uuid: null, topology: { betti_0: null, period: 32 } });
    expect(json().topology.diagram).toEqual(first.topology.diagram);
    expect(json().files).toHaveLength(2);
  });

  test('a table of the public tools, thinned and with a threshold on the magnitude', async () => {
    writeFileSync(path.join(dir, 'q.csv'), `quantule_id,type,center_x,center_y,center_z,radius,magnitude\n${Array.from({ length: 40 }, (_, i) => `${i},Q_nu,${Math.cos(i)},${Math.sin(i)},0,1,${i}`).join('\n')}\n`);
    const { json } = await tda('q.csv', '--json', '--threshold', '9.5', '--max-points', '20');
    expect(json().topology).toMatchObject({ n_events: 30, n_analysed: 20, threshold: 9.5 });
  });

  test('a field that was moved beside its provenance file is found there', async () => {
    const beside = path.join(dir, 'beside');
    mkdirSync(beside);
    writeFileSync(path.join(beside, provenanceName(uuid)), readFileSync(provenanceFile));
    writeFileSync(path.join(beside, path.basename(fieldFile)), readFileSync(fieldFile));
    expect((await tda(path.join(beside, provenanceName(uuid)), '--json')).code).toBe(0);
    expect(existsSync(path.join(beside, `topology_${uuid}.json`))).toBe(true);
  });
});

describe('what it cannot use', () => {
  test.each([
    ['none.json', null, /none\.json cannot be read: .*ENOENT/],
    ['a.csv', 'x,y\n1,2\n3,z\n', /a\.csv:3: y is no number: "z"/],
    ['a.json', '{"job_uuid": 5}', /no provenance file of this version: schema_version/],
    ['b.json', '{"job_uuid": ', /it is no JSON/],
    ['f.bin', 'RIGBRAIN-FIELD 1\n{"n":2}\n', /head is not one of a field/],
  ])('%s is told with its fix', async (name, text, message) => {
    if (text !== null) writeFileSync(path.join(dir, name), text);
    const { code, io } = await tda(name);
    expect(code).toBe(1);
    expect(io.stderr).toMatch(message);
    expect(io.stderr).toContain('E_TDA_INPUT');
  });

  test('a field that was changed or taken away', async () => {
    const bytes = readFileSync(fieldFile);
    const changed = Buffer.from(bytes);
    changed[changed.length - 1]! ^= 1;
    writeFileSync(fieldFile, changed);
    expect((await tda(provenanceFile)).io.stderr).toMatch(/its SHA-256 differs/);
    renameSync(fieldFile, `${fieldFile}.gone`);
    expect((await tda(provenanceFile)).io.stderr).toMatch(/hunts keep the newest only/);
    rmSync(`${fieldFile}.gone`);
    writeFileSync(fieldFile, bytes);
  });

  test('a job that left no field', async () => {
    writeFileSync(path.join(dir, 'failed.json'), JSON.stringify({ ...provenance, artifacts: { field: null }, error: 'it ran away' }));
    expect((await tda('failed.json')).io.stderr).toMatch(/left no field \(it ran away\)/);
  });

  test('a folder that cannot be written', async () => {
    writeFileSync(path.join(dir, 'file'), '');
    const { code, io } = await tda(fieldFile, '--out', 'file/sub');
    expect(code).toBe(69);
    expect(io.stderr).toMatch(/cannot be written.*--out/);
  });
});
