import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { packageRoot } from '../version.ts';
import type { BlueprintBrainstem } from './blueprint-brainstem.ts';
import { createBrainstem, type BrainstemOptions } from './brainstem.ts';
import { FILE_TYPES } from './blueprint-schema.ts';
import { localIso } from './local-iso.ts';
import { placeholderTargets, placeholderText } from './placeholder-files.ts';
import type { FileType, JsonObject } from './contract.ts';

/** A code makes every file write fail with it. */
const refusal = vi.hoisted(() => ({ code: '' }));
vi.mock(import('./files.ts'), async (original) => {
  const files = await original();
  const refuse = (): void => {
    if (refusal.code !== '') throw Object.assign(new Error(`${refusal.code}: refused`), { code: refusal.code });
  };
  return {
    ...files,
    writeWhole: async (file, text) => {
      refuse();
      await files.writeWhole(file, text);
    },
    writeNew: async (file, text) => {
      refuse();
      return files.writeNew(file, text);
    },
  };
});

const BLUEPRINT = path.join(packageRoot(), 'Brain.QTL');
/** The instant of the architecture document's samples. */
const AT = Date.parse('2025-12-18T01:47:41.076-06:00');

let dataDir = '';
beforeEach(() => {
  refusal.code = '';
  dataDir = mkdtempSync(path.join(os.tmpdir(), 'brainstem-'));
});
afterEach(() => {
  rmSync(dataDir, { recursive: true, force: true });
});

function brainstem(options: Partial<BrainstemOptions> = {}): BlueprintBrainstem {
  return createBrainstem({ blueprintFile: BLUEPRINT, dataDir, mode: 'demo', clock: new ManualClock(AT), log: silentLog, ...options });
}

/** Writes a changed copy of the blueprint; the replacement must hit. */
function edited(changes: readonly (readonly [string, string])[]): string {
  let text = readFileSync(BLUEPRINT, 'utf8');
  for (const [from, to] of changes) {
    expect(text).toContain(from);
    text = text.replace(from, to);
  }
  const file = path.join(dataDir, 'Brain.QTL');
  writeFileSync(file, text);
  return file;
}

const pathsOf = (stem: BlueprintBrainstem, type: FileType, component = 'miners'): string[] => stem.viewTargets(type, component, AT).map((target) => target.path);

describe('viewTargets', () => {
  it("gives the seeds' literal list for a ledger entry", () => {
    expect(pathsOf(brainstem(), 'ledger')).toEqual([
      'Ledgers/2025/yearly_ledger.json',
      'Ledgers/2025/12/monthly_ledger.json',
      'Ledgers/2025/12/W50/weekly_ledger.json',
      'Ledgers/2025/12/W50/18/daily_ledger.json',
      'Ledgers/2025/12/W50/18/01/hourly_ledger.json',
      'Ledgers/global_ledger.json',
      'Ledgers/Aggregated/aggregated.json',
      'Ledgers/Aggregated/2025/aggregated_2025.json',
      'Ledgers/Aggregated/2025/12/aggregated_12.json',
      'Ledgers/Aggregated/2025/12/W50/aggregated_W50.json',
      'Ledgers/Aggregated/2025/12/W50/18/aggregated_18.json',
      'Ledgers/Aggregated/2025/12/W50/18/01/aggregated_01.json',
      'Ledgers/Aggregated/Global/global_aggregated_ledger.json',
      'Ledgers/Aggregated_Index/aggregated_index.json',
      'Ledgers/Aggregated_Index/2025/aggregated_index_2025.json',
      'Ledgers/Aggregated_Index/2025/12/aggregated_index_12.json',
      'Ledgers/Aggregated_Index/2025/12/W50/aggregated_index_W50.json',
      'Ledgers/Aggregated_Index/2025/12/W50/18/aggregated_index_18.json',
      'Ledgers/Aggregated_Index/2025/12/W50/18/01/aggregated_index_01.json',
      'Ledgers/Aggregated_Index/Global/global_index_ledger.json',
      'Global_Aggregated/Aggregated/aggregated.json',
      'Global_Aggregated/Aggregated/2025/aggregated_2025.json',
      'Global_Aggregated/Aggregated/2025/12/aggregated_12.json',
      'Global_Aggregated/Aggregated/2025/12/W50/aggregated_W50.json',
      'Global_Aggregated/Aggregated/2025/12/W50/18/aggregated_18.json',
      'Global_Aggregated/Aggregated/2025/12/W50/18/01/aggregated_01.json',
      'Global_Aggregated/Aggregated_Index/aggregated_index.json',
      'Global_Aggregated/Aggregated_Index/2025/aggregated_index_2025.json',
      'Global_Aggregated/Aggregated_Index/2025/12/aggregated_index_12.json',
      'Global_Aggregated/Aggregated_Index/2025/12/W50/aggregated_index_W50.json',
      'Global_Aggregated/Aggregated_Index/2025/12/W50/18/aggregated_index_18.json',
      'Global_Aggregated/Aggregated_Index/2025/12/W50/18/01/aggregated_index_01.json',
    ]);
  });

  it('gives a report its hourly file without week, and its roll-ups with week', () => {
    const targets = brainstem().viewTargets('system_report', 'Production-Miner', AT);
    expect(targets.slice(0, 3)).toEqual([
      { path: 'System/System_Reports/Miners/Hourly/2025/12/18/01/hourly_miners_report.json', role: 'period', level: 'hour', scope: '2025/12/W50/18/01', begins: '2025-12-18T01:00:00', template: 'hourly_miners_report', arrayKey: 'reports', entryFields: null },
      { path: 'System/System_Reports/Miners/Global/global_miners_report.json', role: 'global', level: 'root', scope: 'global', begins: null, template: 'global_miners_report', arrayKey: 'reports', entryFields: null },
      { path: 'System/System_Reports/Miners/Aggregated/aggregated.json', role: 'aggregated', level: 'root', scope: 'all', begins: null, template: 'aggregated_miners_report', arrayKey: 'aggregated_data.reports', entryFields: null },
    ]);
    expect(targets.filter((target) => target.path.startsWith('System/'))).toHaveLength(14);
    expect(targets.map((target) => target.path)).toContain('System/System_Reports/Miners/Aggregated_Index/2025/12/W50/18/01/aggregated_index_01.json');
  });

  it('names error files after their own tree', () => {
    expect(pathsOf(brainstem(), 'error_report', 'dtm').slice(0, 2)).toEqual(['System/Error_Reports/DTM/Hourly/2025/12/18/01/hourly_error.json', 'System/Error_Reports/DTM/Global/global_error.json']);
  });

  it('names submission and rejection files as the seeds do', () => {
    expect(pathsOf(brainstem(), 'submission')).toEqual(expect.arrayContaining(['Submission_Logs/global_submission.json', 'Submission_Logs/2025/12/W50/18/01/hourly_submission.json', 'Submission_Logs/Aggregated/Global/global_aggregated_submission.json']));
    expect(pathsOf(brainstem(), 'rejection')).toEqual(expect.arrayContaining(['Rejections/global_rejection.json', 'Rejections/2025/12/W50/weekly_rejection.json']));
    expect(pathsOf(brainstem(), 'look_at', 'brain')).toEqual(expect.arrayContaining(['User_Look_At/global_look_at.json', 'User_Look_At/2025/12/W50/18/01/hourly_look_at.json', 'User_Look_At/Aggregated_Index/Global/global_index_look_at.json', 'Global_Aggregated/Aggregated/aggregated.json']));
  });

  it('keeps all types of one file in one array', () => {
    const arrays = (type: FileType): Map<string, string | null> => new Map(brainstem().viewTargets(type, 'miners', AT).map((target) => [target.path, target.arrayKey]));
    expect(arrays('ledger').get('Ledgers/Aggregated/aggregated.json')).toBe('aggregated_data.reports');
    expect(arrays('math_proof').get('Ledgers/Aggregated/aggregated.json')).toBe('aggregated_data.reports');
    for (const type of FILE_TYPES) expect(arrays(type).get('Global_Aggregated/Aggregated/aggregated.json')).toBe('aggregated_data.entries');
    expect(arrays('ledger').get('Ledgers/global_ledger.json')).toBe('entries');
    expect(arrays('ledger').get('Ledgers/2025/yearly_ledger.json')).toBe('ledger_entries');
    expect(arrays('ledger').get('Ledgers/Aggregated_Index/aggregated_index.json')).toBeNull();
  });

  it('follows the hour, also back in time', () => {
    const stem = brainstem();
    const hourly = (at: number): string | undefined => stem.viewTargets('ledger', 'miners', at)[4]?.path;
    expect(hourly(AT)).toBe('Ledgers/2025/12/W50/18/01/hourly_ledger.json');
    expect(hourly(AT + 3_600_000)).toBe('Ledgers/2025/12/W50/18/02/hourly_ledger.json');
    expect(hourly(AT)).toBe('Ledgers/2025/12/W50/18/01/hourly_ledger.json');
  });

  it('gives a person who edits the blueprint what they wrote', () => {
    const file = edited([
      ['  ledger_week: { pattern: "{base}/Ledgers/{YYYY}/{MM}/W{WW}"', '  ledger_plain: { path: "{base}/ByDay/{YYYY}-{MM}-{DD}", files: [{ file: "{HH}h.json", template: hourly_ledger }] }\n  ledger_week: { path: "{base}/Ledgers/{YYYY}/{MM}/Week {WW}"'],
    ]);
    const paths = pathsOf(brainstem({ blueprintFile: file }), 'ledger');
    expect(paths).toContain('ByDay/2025-12-18/01h.json');
    expect(paths).toContain('Ledgers/2025/12/Week 50/weekly_ledger.json');
    expect(paths).not.toContain('Ledgers/2025/12/W50/weekly_ledger.json');
  });

  it('lets the configuration choose another week rule and time zone', () => {
    expect(pathsOf(brainstem({ weekNumbering: 'iso' }), 'ledger')[4]).toBe('Ledgers/2025/12/W51/18/01/hourly_ledger.json');
    expect(pathsOf(brainstem({ timeZone: 'UTC' }), 'ledger')[4]).toBe('Ledgers/2025/12/W50/18/07/hourly_ledger.json');
  });

  it('refuses a component it does not know', () => {
    expect(() => brainstem().viewTargets('system_report', 'nobody', AT)).toThrow('Brain.QTL has no component nobody');
  });
});

describe('componentFolder', () => {
  it.each(['miners', 'Miners', 'Production-Miner', 'Production_Miner', 'production miner', 'mining_process', 'production_bitcoin_miner'])('knows %s', (name) => {
    expect(brainstem().componentFolder(name)).toBe('Miners');
  });
});

describe('componentLabel', () => {
  it.each([['miners', 'Production-Miner'], ['mining_process', 'Production-Miner'], ['dtm', 'DTM'], ['loop', 'Looping']])('signs %s as %s', (name, label) => {
    expect(brainstem().componentLabel(name)).toBe(label);
  });
});

describe('instantiate', () => {
  it('fills in the metadata of a period file', () => {
    const document = brainstem().instantiate('hourly_ledger', { at: AT, level: 'hour', scope: '2025/12/W50/18/01' });
    expect(document.metadata).toEqual({
      file_type: 'hourly_ledger',
      component: 'Production-Miner',
      level: 'hour',
      time_scope: '2025-12-18T01:00:00',
      generated_at: '2025-12-18T01:47:41.076-06:00',
      last_updated: '2025-12-18T01:47:41.076-06:00',
      mode: 'demo',
      version: '1.0',
    });
    expect(document.ledger_entries).toEqual([]);
  });

  it('fills in the metadata of roll-ups and indices', () => {
    const stem = brainstem();
    const month = { at: AT, level: 'month', scope: '2025/12' } as const;
    const rollUp = stem.instantiate('aggregated_miners_report', month);
    expect(rollUp.metadata).toMatchObject({ file_type: 'aggregated_miners_report', aggregation_level: 'month', aggregation_scope: '2025-12' });
    expect(rollUp.aggregated_data).toEqual({ reports: [] });
    const index = stem.instantiate('aggregated_index_miners_report', month);
    expect(index.metadata).toMatchObject({ index_level: 'month', index_scope: '2025-12' });
    expect(index.summary).toEqual({ total_entries: 0, data_sources: [], total_weeks: 0, total_days: 0, total_hours: 0 });
    expect(index).not.toHaveProperty('aggregated_data');
  });

  it('puts the list that grows at the end of every file', () => {
    const stem = brainstem();
    for (const type of FILE_TYPES) {
      for (const { template, level, scope, arrayKey } of stem.viewTargets(type, 'miners', AT)) {
        let node: unknown = stem.instantiate(template, { at: AT, level, scope });
        for (const key of (arrayKey ?? 'summary.data_sources').split('.')) {
          expect(Object.keys(node as JsonObject).at(-1), `${template} ${level}`).toBe(key);
          node = (node as JsonObject)[key];
        }
        expect(node).toEqual([]);
      }
    }
  });

  it('leaves no sample data in any template', () => {
    const stem = brainstem();
    for (const key of stem.blueprint.templates.keys()) {
      const document = stem.instantiate(key, { at: AT, level: 'day', scope: '2025/12/W50/18' });
      expect(leftovers({ ...document, metadata: {} }, key)).toEqual([]);
    }
  });

  it('gives a new document every time', () => {
    const stem = brainstem();
    const options = { at: AT, level: 'root', scope: 'global' } as const;
    const first = stem.instantiate('global_ledger', options);
    (first.entries as unknown[]).push('changed');
    (first.global_data as JsonObject).total_blocks_mined = 7;
    const second = stem.instantiate('global_ledger', options);
    expect(second.entries).toEqual([]);
    expect(second.global_data).toMatchObject({ total_blocks_mined: 0 });
  });

  it('refuses a template it does not know, and says what was probably meant', () => {
    expect(() => brainstem().instantiate('hourly_leger', { at: AT, level: 'hour', scope: '2025/12/W50/18/01' })).toThrow('did you mean "hourly_ledger"');
  });
});

/** Everything in a document that is not empty, zero or unknown. */
function leftovers(value: unknown, at: string): string[] {
  if (value === null || value === 0) return [];
  if (Array.isArray(value)) return value.length === 0 ? [] : [at];
  if (typeof value === 'object') return Object.entries(value).flatMap(([key, item]) => leftovers(item, `${at}.${key}`));
  return [at];
}

describe('initialize', () => {
  it('creates folders, global files, the current hour and the examples', async () => {
    const stem = brainstem();
    const result = await stem.initialize('Production-Miner');
    expect(result.base).toBe(path.join(dataDir, 'Test/Demo/Mining'));
    expect(result.messages).toEqual(['Brain.QTL updated - Regenerating templates']);
    expect(result.examples).toEqual({ action: 'regenerated', written: stem.blueprint.examples.length + 1, backup: null });
    for (const folder of ['Test/Demo/Mining/Temporary Template', 'Test/Demo/Mining/System/Error_Reports/Looping', 'shared_state/component_status']) expect(existsSync(path.join(dataDir, folder))).toBe(true);
    const read = (file: string): JsonObject => JSON.parse(readFileSync(path.join(result.base, file), 'utf8')) as JsonObject;
    expect(read('Ledgers/global_ledger.json').metadata).toMatchObject({ file_type: 'global_ledger', mode: 'demo', component: 'Production-Miner' });
    expect(read('Ledgers/2025/12/W50/18/01/hourly_ledger.json').ledger_entries).toEqual([]);
    expect(read('System/Error_Reports/DTM/Global/global_error.json').metadata).toMatchObject({ component: 'DTM' });
    expect(existsSync(path.join(dataDir, 'Mining'))).toBe(false);
  });

  it('creates nothing twice and keeps what is there', async () => {
    const stem = brainstem();
    const first = await stem.initialize('Brain');
    const ledger = path.join(first.base, 'Ledgers/global_ledger.json');
    writeFileSync(ledger, '{"entries":[1]}');
    const second = await stem.initialize('Brain');
    expect(second).toMatchObject({ foldersCreated: 0, filesCreated: 0, examples: { action: 'current', written: 0 }, messages: ['System_File_Examples current - Brain.QTL unchanged'] });
    expect(readFileSync(ledger, 'utf8')).toBe('{"entries":[1]}');
  });

  it('lays out files that can be made again from the instant alone, elsewhere and in another zone', async () => {
    const stem = brainstem();
    const { base, at, filesCreated, filesRefused } = await stem.initialize('Brain', AT + 3_600_000);
    expect([at, filesRefused]).toEqual([AT + 3_600_000, []]);
    const elsewhere = brainstem({ timeZone: 'Asia/Kolkata', weekNumbering: 'iso', dataDir: '/nowhere' });
    const targets = placeholderTargets(elsewhere, '2025/12/W50/18/02');
    expect(targets).toHaveLength(filesCreated);
    for (const target of targets) expect(placeholderText(elsewhere, target, localIso(at, -360)), target.path).toBe(readFileSync(path.join(base, target.path), 'utf8'));
  });

  it('gives each mode its own folder', () => {
    const base = (mode: BrainstemOptions['mode']): string => path.relative(dataDir, brainstem({ mode }).base);
    expect([base('demo'), base('test'), base('staging'), base('live')]).toEqual(['Test/Demo/Mining', 'Test/Test mode/Mining', 'Mining', 'Mining']);
  });

  it('really reads auto_create_structure, in both spellings', async () => {
    const blueprintFile = edited([['    - shared_state\n', '    - shared_state\n    - "{base}/Mine"\n    - Mining/Yours\n']]);
    const { base } = await brainstem({ blueprintFile }).initialize('Brain');
    expect(readdirSync(base)).toEqual(expect.arrayContaining(['Mine', 'Yours']));
  });

  it('goes on when a file stands where a folder must be, and says so', async () => {
    mkdirSync(path.join(dataDir, 'Test/Demo/Mining'), { recursive: true });
    writeFileSync(path.join(dataDir, 'Test/Demo/Mining/Ledgers'), 'in the way');
    const result = await brainstem().initialize('Brain');
    expect(result.messages.join('\n')).toMatch(/Could not create Test\/Demo\/Mining\/Ledgers.* a file stands where a folder is needed/);
    expect(existsSync(path.join(result.base, 'Submission_Logs/global_submission.json'))).toBe(true);
  });

  it.each([
    ['ENOSPC', 'no space left on the disk'],
    ['EROFS', 'the file system is read-only'],
    ['EACCES', 'permission denied'],
  ])('goes on when the disk answers %s, and says so once', async (code, words) => {
    refusal.code = code;
    const result = await brainstem().initialize('Brain');
    expect(result).toMatchObject({ filesCreated: 0, examples: { written: 0, backup: null } });
    expect(result.filesRefused).toHaveLength(placeholderTargets(brainstem(), '2025/12/W50/18/01').length);
    expect(result.messages).toHaveLength(1);
    expect(result.messages[0]).toMatch(new RegExp(`^Could not create .* and \\d+ more: ${words} \\(${code}\\)`));
    expect(existsSync(path.join(dataDir, 'System_File_Examples/.brain_version'))).toBe(false);
  });
});

describe('flags', () => {
  it('has exactly one mode flag', () => {
    expect(brainstem().flags()).toMatchObject({ demo_mode_flag: true, test_mode_flag: false, staging_mode_flag: false, production_mode_flag: false });
    expect(brainstem({ mode: 'live' }).flags()).toMatchObject({ demo_mode_flag: false, production_mode_flag: true, mode: 'production', continuous: 'blocks' });
  });
});
