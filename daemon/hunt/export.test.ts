import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../protocol/common/clock.ts';
import { DEFAULT_PARAMETERS } from '../../kernels/spectral/parameters.ts';
import { nodeDisk } from '../ledger/disk/node-disk.ts';
import { HuntArchive } from './archive.ts';
import { currentCsv, exportHunt } from './export.ts';
import { Hunt } from './hunt.ts';
import { localRunner } from './runner.ts';
import { DEFAULT_HUNT } from './settings.ts';
import { localSteps } from './steps.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-export-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const archive = new HuntArchive({ folder: path.join(dir, 'hunts') });
const folder = path.join(dir, 'hunts', 'one');
let huntId = '';

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  const settings = { ...DEFAULT_HUNT, population_size: 2, golden_seeds: 1, surrogates: 2, parameters: { ...DEFAULT_PARAMETERS, N_grid: 16, dt: 0.1, T_steps: 250 } };
  const hunt = await Hunt.open({ folder, settings, runner: localRunner({ steps: localSteps(nodeDisk), disk: nodeDisk, clock: systemClock }) });
  await hunt.run(1);
  huntId = hunt.hunter.huntId;
  await hunt.close();
});

const below = (place: string): string[] => readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => path.relative(place, path.join(entry.parentPath, entry.name))).sort();

function checkSums(place: string): string[] {
  const lines = readFileSync(path.join(place, 'SHA256SUMS'), 'utf8').trimEnd().split('\n').map((line) => line.split('  ') as [string, string]);
  for (const [sum, name] of lines) expect(createHash('sha256').update(readFileSync(path.join(place, name))).digest('hex'), name).toBe(sum);
  return lines.map(([, name]) => name).sort();
}

test('a folder with the table, all provenance files, golden.json, and the sums of them', async () => {
  const out = path.join(dir, 'plain');
  const report = await exportHunt({ archive, huntId, out, fields: false });
  expect(report).toMatchObject({ hunt_id: huntId, problems: [], sha256: null });
  const names = checkSums(out);
  expect(below(out)).toEqual([...names, 'SHA256SUMS'].sort());
  expect(report.files).toBe(names.length + 1);
  expect(names).toContain('golden.json');
  expect(names).toContain('journal.jsonl');
  expect(names.filter((name) => name.startsWith('provenance/')).length).toBe(3);
  expect(readFileSync(path.join(out, 'simulation_ledger.csv'), 'utf8')).toBe(readFileSync(path.join(folder, 'simulation_ledger.csv'), 'utf8'));
  expect(await currentCsv(archive, huntId)).toBe(readFileSync(path.join(folder, 'simulation_ledger.csv'), 'utf8'));
  await expect(exportHunt({ archive, huntId, out, fields: false })).rejects.toMatchObject({ code: 'E_DATA_DIR' });
});

test.each(['hunt.tar', 'hunt.tar.gz', 'hunt.tgz'])('%s: what tar takes out of it is the same, with the fields when they are asked for', async (name) => {
  const out = path.join(dir, name);
  const report = await exportHunt({ archive, huntId, out, fields: true });
  expect(report.sha256).toBe(createHash('sha256').update(readFileSync(out)).digest('hex'));
  const place = path.join(dir, `${name}.d`);
  mkdirSync(place);
  execFileSync('tar', ['-xf', out, '-C', place]);
  const top = path.join(place, `hunt_${huntId}`);
  const names = checkSums(top);
  expect(names.filter((one) => one.startsWith('fields/')).length).toBe(3);
  expect(readdirSync(dir)).not.toContain(`${name}.part`);
  await expect(exportHunt({ archive, huntId, out, fields: true })).rejects.toMatchObject({ code: 'E_DATA_DIR' });
});

test('what is missing or was changed is named, and the rest goes out', async () => {
  const golden = path.join(folder, 'golden.json');
  const [first] = readdirSync(path.join(folder, 'provenance')).filter((name) => !name.startsWith('.'));
  const file = path.join(folder, 'provenance', first!);
  const [goldenBefore, before] = [readFileSync(golden), readFileSync(file)];
  writeFileSync(golden, goldenBefore.toString().replace(/"provenance_sha256": "./, '"provenance_sha256": "x'));
  writeFileSync(file, '{}');
  const report = await exportHunt({ archive, huntId, out: path.join(dir, 'changed'), fields: false });
  expect(report.problems).toEqual([`provenance/${first} is not the provenance of its job`, 'golden.json does not follow from the provenance of its run']);
  expect(checkSums(path.join(dir, 'changed'))).not.toContain(`provenance/${first}`);
  writeFileSync(golden, goldenBefore);
  writeFileSync(file, before);
  await expect(exportHunt({ archive, huntId: 'nobody', out: path.join(dir, 'x'), fields: false })).rejects.toMatchObject({ code: 'E_HUNT_UNKNOWN' });
  await expect(exportHunt({ archive, huntId, out: path.join(file, 'below-a-file'), fields: false })).rejects.toMatchObject({ code: 'E_DATA_DIR' });
});
