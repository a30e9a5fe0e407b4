import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { formatProblem, type ConfigProblem } from '../../config/problem.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { packageRoot } from '../version.ts';
import { loadBlueprint, checkedPart, parseBlueprint, takeOverBlueprint } from './blueprint.ts';
import { FILE_TYPES } from './blueprint-schema.ts';
import { huntPlaces } from './hunts.ts';

const FILE = path.join(packageRoot(), 'Brain.QTL');
const TEXT = readFileSync(FILE, 'utf8');

/** What a blueprint with one replacement is refused with, and the line the replacement stands on. */
function refusal(from: string | RegExp, to: string): { problems: string[]; line: number } {
  const at = typeof from === 'string' ? TEXT.indexOf(from) : (from.exec(TEXT)?.index ?? -1);
  expect(at, 'the replaced text is in Brain.QTL').toBeGreaterThanOrEqual(0);
  const line = TEXT.slice(0, at).split('\n').length;
  try {
    parseBlueprint(Buffer.from(TEXT.replace(from, () => to)), '/etc/rig/Brain.QTL');
  } catch (error) {
    expect(error).toBeInstanceOf(RigError);
    expect((error as RigError).code).toBe('E_BLUEPRINT_INVALID');
    return { problems: ((error as RigError).context.problems as ConfigProblem[]).map(formatProblem), line };
  }
  throw new Error('the broken blueprint was accepted');
}

describe('the shipped Brain.QTL', () => {
  const blueprint = loadBlueprint(FILE);

  it('is accepted and named by the SHA-256 of its bytes', () => {
    expect(blueprint.sha256).toBe(createHash('sha256').update(readFileSync(FILE)).digest('hex'));
  });

  it('defines the 39 flags in 8 categories', () => {
    const { categories } = blueprint.data.flags;
    expect(Object.keys(categories)).toEqual(['mode_flags', 'mining_control', 'operation_modes', 'execution_control', 'display_control', 'brain_integration', 'miner_control', 'coordination']);
    expect(Object.values(categories).flatMap((flags) => Object.keys(flags))).toHaveLength(39);
  });

  it('keeps the defaults of the seeds: Chicago, Monday weeks', () => {
    expect(blueprint.data.time_zone).toBe('America/Chicago');
    expect(blueprint.data.week_numbering).toBe('monday');
  });

  it('gives each hunt a folder that sorts by time, in the base folder of its mode', () => {
    const { folder, nameOf } = huntPlaces({ base: '/data/Test/Demo/Mining', blueprint });
    expect(folder).toBe('/data/Test/Demo/Mining/Hunts');
    expect(nameOf(Date.UTC(2025, 11, 18, 7, 47, 41, 76), '1a2b3c4d-0000-4000-8000-000000000000')).toBe('20251218T074741Z-1a2b3c4d');
  });

  it('lists every folder of every component it can write to', () => {
    const folders = blueprint.data.folder_management.auto_create_structure;
    for (const { folder } of blueprint.components.all) expect(folders).toEqual(expect.arrayContaining([`{base}/System/System_Reports/${folder}`, `{base}/System/Error_Reports/${folder}`]));
  });
});

describe('what a build has left of a blueprint', () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-blueprint-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const built = path.join(dir, 'blueprint.json');
  const marked = { ...checkedPart(parseBlueprint(Buffer.from(TEXT), FILE)), file: '/build/Brain.QTL' };
  marked.data = { ...marked.data, time_zone: 'UTC' };
  // Other bytes each time: the last answer is kept.
  const shipped = (name: string): string => {
    const file = path.join(dir, name);
    writeFileSync(file, TEXT);
    return file;
  };

  it('is taken for the same bytes, and is the same after its way through JSON', () => {
    writeFileSync(built, JSON.stringify(marked));
    const file = shipped('same.QTL');
    expect(loadBlueprint(file, built)).toMatchObject({ file, data: { time_zone: 'UTC' } });
    const checked = checkedPart(parseBlueprint(Buffer.from(TEXT), FILE));
    expect(JSON.parse(JSON.stringify(checked))).toEqual(checked);
  });

  it.each([
    ['of other bytes', JSON.stringify({ ...marked, sha256: '0'.repeat(64) })],
    ['cut short', JSON.stringify(marked).slice(0, 1000)],
    ['something else', '[]'],
  ])('is passed over when it is %s', (what, text) => {
    writeFileSync(built, text);
    expect(loadBlueprint(shipped(`${what}.QTL`), built).data.time_zone).toBe('America/Chicago');
  });
});

describe('a broken blueprint is refused with file, line and reason', () => {
  it.each<[string, string | RegExp, string, RegExp]>([
    ['a tab', 'time_zone: America', '\ttime_zone: America', /tab/],
    ['a bracket left open', '[ledger, math_proof] }', '[ledger, math_proof }', /not valid YAML/],
    ['a key given twice', 'week_numbering: monday', 'time_zone: UTC', /twice/],
    ['a mistyped section', 'stock_template:', 'stock_tempate:', /unknown key.*did you mean "stock_template"/],
    ['a mistyped key in a pattern', 'ledger_year: { pattern:', 'ledger_year: { patern:', /pattern_levels\.ledger_year\.patern: unknown key.*did you mean "pattern"/],
    ['hunts outside of their mode', 'folder: "{base}/Hunts"', 'folder: Hunts', /hunts\.folder: must start with \{base\}/],
    ['hunts whose folders could be one', 'name: "{utc}-{short_id}"', 'name: "{utc}"', /hunts\.name: must hold \{short_id\}/],
    ['an unknown placeholder of hunts', 'name: "{utc}-{short_id}"', 'name: "{uct}-{short_id}"', /unknown placeholder \{uct\}/],
    ['an unknown week rule', 'week_numbering: monday', 'week_numbering: sunday', /must be one of monday, iso/],
    ['an unknown time zone', 'time_zone: America/Chicago', 'time_zone: America/Chicagoo', /unknown time zone "America\/Chicagoo"/],
    ['an unknown placeholder in a pattern', '{base}/Ledgers/{YYYY}", files', '{base}/Ledgers/{YYYYY}", files', /unknown placeholder \{YYYYY\} \(did you mean "YYYY"\?\)/],
    ['a pattern outside the base folder', 'ledger_year: { pattern: "{base}/', 'ledger_year: { pattern: "', /must start with \{base\}/],
    ['a pattern that climbs out', '{base}/Submission_Logs/{YYYY}", file', '{base}/../../{YYYY}", file', /relative path/],
    ['a pattern that mixes days of different months', '{base}/Rejections/{YYYY}/{MM}/W{WW}/{DD}", file', '{base}/Rejections/{YYYY}/W{WW}/{DD}", file', /\{DD\} without \{MM\} would put different times into one file/],
    ['a file without a template', 'file: yearly_submission.json', 'file: yearly_submision.json', /no template has the file name yearly_submision\.json.*did you mean "yearly_submission\.json"/],
    ['a template that does not exist', 'file: aggregated.json, template: aggregated_all', 'file: aggregated.json, template: aggregated_everything', /there is no template aggregated_everything/],
    ['two patterns for one file', 'rejection_global: { pattern: "{base}/Rejections"', 'rejection_twin: { pattern: "{base}/Rejections", file: global_rejection.json }\n  rejection_global: { pattern: "{base}/Rejections"', /a second pattern writes rejection entries to Rejections\/global_rejection\.json/],
    ['a pattern for types its template does not hold', 'ledger_week: {', 'ledger_week: { types: [submission],', /the template weekly_ledger is not for entries of type submission/],
    ['one file with two templates', 'file: yearly_submission.json }', 'file: one.json, template: yearly_submission }\n  more: { pattern: "{base}/Submission_Logs/{YYYY}", file: one.json, template: yearly_ledger }', /would have two templates, yearly_ledger and yearly_submission|would have two templates, yearly_submission and yearly_ledger/],
    ['a range upside down', 'validation: "1-144"', 'validation: "144-1"', /lowest value 144 is above the highest 1/],
    ['a range that is none', 'validation: "1-64"', 'validation: "up to 64"', /must be "lowest-highest"/],
    ['a default outside its range', 'default: 10, applies_to', 'default: 1001, applies_to', /default 1001 is outside 1-1000/],
    ['a default that is no choice', 'default: blocks,', 'default: weeks,', /default must be one of blocks, day/],
    ['a flag for an unknown component', 'applies_to: [looping], description: "Days to mine."', 'applies_to: [loopin], description: "Days to mine."', /unknown component "loopin" \(did you mean "looping"\?\)/],
    ['two flags with one spelling', 'flag: --debug,', 'flag: --verbose,', /verbose is already used by the flag/],
    ['an alias that two components claim', 'aliases: [loop, Singularity_Dave_Looping]', 'aliases: [loop, DTM]', /"DTM" already names the component dtm/],
    ['a component that is missing', /  looping:\n    folder: Looping\n    example_slug: looping\n    aliases: .*\n/, '', /component looping is missing/],
    ['demo data in the live folder', 'base_path: Test/Demo/Mining', 'base_path: Mining', /modes\.demo\.base_path: is also the folder of staging/],
    ['sample entries in a structure', 'structure: { total_proofs: 0, total_blocks_proven: 0, proofs: [] }', 'structure: { total_proofs: 0, total_blocks_proven: 0, proofs: [{ proof_id: x }] }', /a list in a structure must be empty/],
    ['a counter that does not start at 0', '      total_attempts: 0\n', '      total_attempts: 150\n', /a counter in a structure must start at 0/],
    ['an array that does not say where entries go', 'array: aggregated_data.rejections, created_by', 'created_by', /array does not say where entries of type rejection go/],
    ['an array for each type', 'array: aggregated_data.reports\n    created_by: Brain\n    purpose: Ledger entries', 'array: { ledger: aggregated_data.reports, math_proof: aggregated_data.proofs }\n    created_by: Brain\n    purpose: Ledger entries', /all types of a file go to one array/],
    ['an array for some types', 'array: aggregated_data.reports\n    created_by: Brain\n    purpose: Ledger entries', 'array: { ledger: aggregated_data.reports }\n    created_by: Brain\n    purpose: Ledger entries', /array does not say where entries of type math_proof go/],
    ['an array that the structure lacks', 'structure: { ledger_entries: [] }', 'structure: {}', /ledger_entries is not in the structure/],
    ['an array where something else stands', 'structure: { ledger_entries: [] }', 'structure: { ledger_entries: {} }', /ledger_entries does not fit the structure/],
    ['an array inside something else', 'aggregated_data: { rejections: [] }', 'aggregated_data: 0', /aggregated_data\.rejections does not fit the structure/],
    ['an array that changes with the level', 'period: { "hashes_this_{level}": 0', 'period: { ledger_entries: null, "hashes_this_{level}": 0', /by_level\.period: ledger_entries stands in the structure/],
    ['a roll-up that cannot name its sources', 'rejections_by_reason: {}, data_sources: [] }', 'rejections_by_reason: {} }', /summary\.data_sources is not in the structure/],
    ['an unknown placeholder in a structure', '"proofs_this_{level}": 0', '"proofs_this_{lvl}": 0', /unknown placeholder \{lvl\}/],
    ['an unknown placeholder in the metadata', 'time_scope: "{time_scope}"', 'time_scope: "{timescope}"', /unknown placeholder \{timescope\} \(did you mean "time_scope"\?\)/],
    ['an example of a template that does not exist', 'template: current_template }', 'template: curent_template }', /there is no template curent_template/],
    ['a folder list with an unknown placeholder', '"{base}/Temporary Template"\n    - "{base}/System"', '"{base}/Temporary Template"\n    - "{basis}/System"', /unknown placeholder \{basis\}/],
  ])('%s', (_name, from, to, reason) => {
    const { problems, line } = refusal(from, to);
    const matching = problems.filter((problem) => reason.test(problem));
    expect(matching, problems.join('\n')).not.toEqual([]);
    const place = /^Brain\.QTL:(\d+):(\d+): /.exec(matching[0] ?? '');
    expect(place, matching[0]).not.toBeNull();
    // A missing component is told at the section, the second of two patterns, flags or keys at itself, an unclosed
    // bracket where the parser noticed: never further than the lines the mistake spans.
    expect(Math.abs(Number(place?.[1]) - line), `${matching[0]} (line ${line})`).toBeLessThanOrEqual(_name.startsWith('a component') ? 40 : 3);
  });

  it('names every mistake at once, in the order of the file', () => {
    const text = TEXT.replace('week_numbering: monday', 'week_numbering: sunday').replace('validation: "1-64"', 'validation: x');
    try {
      parseBlueprint(Buffer.from(text), 'Brain.QTL');
      expect.unreachable();
    } catch (error) {
      const { message } = error as RigError;
      expect(message).toMatch(/^2 problems\n {2}Brain\.QTL:\d+:\d+: week_numbering: .*\n {2}Brain\.QTL:\d+:\d+: flags\.categories\.execution_control\.max_daemons\.validation: /);
    }
  });

  it('and never with any other error, whatever a slip of the hand does to a line', () => {
    const lines = TEXT.split('\n');
    let refused = 0;
    for (let turn = 0; turn < 24; turn++) {
      const index = (turn * 7919) % lines.length;
      const line = lines[index] ?? '';
      const slips = [line.replace('{', ''), line.replace(':', ''), `${line} }`, line.replace(/\w+/, 'null'), line.slice(0, line.length >> 1), ` ${line}`];
      const broken = lines.with(index, slips[turn % slips.length] ?? '').join('\n');
      try {
        parseBlueprint(Buffer.from(broken), 'Brain.QTL');
      } catch (error) {
        refused += 1;
        expect((error as RigError).code, (error as Error).stack).toBe('E_BLUEPRINT_INVALID');
        expect((error as RigError).message).toMatch(/Brain\.QTL:\d+:\d+: /);
      }
    }
    expect(refused).toBeGreaterThan(8);
  });

  it('an empty file', () => {
    expect(() => parseBlueprint(Buffer.from(''), 'Brain.QTL')).toThrow(/meta: is missing/);
  });

  it('a file that is not there', () => {
    expect(() => loadBlueprint('/nowhere/Brain.QTL')).toThrow(/\/nowhere\/Brain\.QTL cannot be read: ENOENT/);
  });
});

describe('a blueprint that a person extended', () => {
  it('may have a new component, which gets its own reports and errors', () => {
    const text = TEXT.replace('\ncomponents:\n', '\ncomponents:\n  solver:\n    folder: Solver\n    example_slug: solver\n    aliases: [s_ncgl]\n');
    const blueprint = parseBlueprint(Buffer.from(text), 'Brain.QTL');
    const solver = blueprint.components.find('S-NCGL');
    expect(solver?.folder).toBe('Solver');
    if (solver === null) return;
    expect(blueprint.patterns.views('system_report', solver).map((view) => view.path)).toContain('System/System_Reports/Solver/Global/global_solver_report.json');
    expect(blueprint.templates.get('global_solver_report')?.structure('root')).toEqual({ total_reports: 0, reports: [] });
  });

  it('may say path for pattern and file for files', () => {
    const text = TEXT.replace('submission_year: { pattern: "{base}/Submission_Logs/{YYYY}", file: yearly_submission.json }', 'submission_year: { path: "{base}/Submission_Logs/{YYYY}", files: [yearly_submission.json] }');
    expect(text).not.toBe(TEXT);
    const views = (source: string) => {
      const blueprint = parseBlueprint(Buffer.from(source), 'Brain.QTL');
      const miners = blueprint.components.find('miners');
      return miners === null ? [] : blueprint.patterns.views('submission', miners);
    };
    expect(views(text)).toEqual(views(TEXT));
    expect(views(text).length).toBeGreaterThan(10);
  });
});

it('can be handed to another thread as plain data', () => {
  const blueprint = parseBlueprint(Buffer.from(TEXT), 'Brain.QTL');
  const there = takeOverBlueprint(structuredClone(checkedPart(blueprint)));
  for (const { id } of blueprint.components.all) {
    for (const type of FILE_TYPES) expect(there.patterns.views(type, there.components.find(id)!)).toEqual(blueprint.patterns.views(type, blueprint.components.find(id)!));
  }
  for (const [key, template] of blueprint.templates) expect(there.templates.get(key)?.structure('hour')).toEqual(template.structure('hour'));
  expect(there.sha256).toBe(blueprint.sha256);
});
