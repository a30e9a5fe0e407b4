import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { packageRoot } from '../version.ts';
import type { BlueprintBrainstem } from './blueprint-brainstem.ts';
import { createBrainstem } from './brainstem.ts';
import { templateLoader, type LoadTemplate } from './load-template.ts';

const AT = Date.parse('2025-12-18T01:47:41.076-06:00');

function loader(): { load: LoadTemplate; brainstem: BlueprintBrainstem; dataDir: string } {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-template-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const brainstem = createBrainstem({ blueprintFile: path.join(packageRoot(), 'Brain.QTL'), dataDir, mode: 'demo', clock: new ManualClock(AT), log: silentLog });
  return { load: templateLoader(brainstem, () => AT).load_template_from_examples, brainstem, dataDir };
}

const fileTypeOf = (document: Record<string, unknown>): unknown => (document.metadata as Record<string, unknown>).file_type;

it.each([
  ['global_mining_ledger', 'Unknown', 'global_ledger'],
  ['global_mining_submission', 'Looping', 'global_submission'],
  ['global_mining_error', 'Miners', 'global_miners_error'],
  ['global_mining_error', 'DTM', 'global_dtm_error'],
  ['global_mining_error', 'Unknown', 'global_error_report'],
  ['global_system_report', 'Production-Miner', 'global_miners_report'],
  ['global_system_report', 'Unknown', 'global_system_report'],
  ['math_proof_template', 'DTM', 'global_math_proof'],
  ['hourly_math_proof', 'DTM', 'hourly_math_proof'],
  ['aggregated_ledger', 'DTM', 'aggregated_ledger'],
  ['DTM/Global/global_ledger_example.json', 'DTM', 'global_ledger'],
  ['hourly_mining_process_report_example.json', 'Miners', 'hourly_miners_report'],
])('%s of %s is the template %s', (name, component, key) => {
  const { load, brainstem } = loader();
  const level = key.startsWith('hourly') ? 'hour' : 'root';
  const scope = level === 'hour' ? '2025/12/W50/18/01' : key.startsWith('aggregated') ? 'all' : 'global';
  expect(load(name, component)).toEqual(brainstem.instantiate(key, { at: AT, level, scope }));
});

it('gives a clean structure for every example the blueprint lists, and a new one at every call', () => {
  const { load, brainstem } = loader();
  for (const { path: file } of brainstem.blueprint.examples) {
    const one = load(file, file.split('/')[0]);
    expect((one.metadata as Record<string, unknown> | undefined)?.template_load_failed).toBeUndefined();
    expect(sampleData({ ...one, metadata: {} })).toEqual([]);
  }
  const first = load('global_mining_ledger');
  (first.entries as unknown[]).push('mine');
  expect(load('global_mining_ledger').entries).toEqual([]);
});

it('takes an example that a person added, without its sample data', () => {
  const { load, dataDir } = loader();
  const folder = path.join(dataDir, 'System_File_Examples', 'Brain');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'weather_example.json'), JSON.stringify({ metadata: { file_type: 'weather' }, wind: { speed: 7, name: 'Föhn' }, readings: [1, 2] }));
  expect(load('weather', 'brain')).toEqual({ metadata: { file_type: 'weather' }, wind: { speed: 0, name: null }, readings: [] });
});

it('says what failed, in a document that can be used all the same', () => {
  const { load, dataDir } = loader();
  mkdirSync(path.join(dataDir, 'System_File_Examples'), { recursive: true });
  writeFileSync(path.join(dataDir, 'System_File_Examples', 'broken_example.json'), '{');
  for (const [name, error] of [['no_such_thing', /neither Brain.QTL nor System_File_Examples has a template no_such_thing/], ['broken', /JSON/], ['../../etc/passwd', /has a template passwd/], ['', /has a template/]] as const) {
    expect(load(name)).toEqual({ metadata: { template_load_failed: true, error: expect.stringMatching(error) }, entries: [], errors: [], reports: [] });
  }
  expect(load(undefined as unknown as string, null as unknown as string)).toMatchObject({ metadata: { template_load_failed: true } });
  expect(fileTypeOf(load('global_mining_ledger', 'nobody'))).toBe('global_ledger');
});

/** Values that a clean structure does not have. */
function sampleData(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(sampleData);
  return typeof value === 'number' && value !== 0 ? [value] : [];
}
