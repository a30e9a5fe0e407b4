import path from 'node:path';
import { RigError } from '../../protocol/common/errors.ts';
import { bucketText, partsOfBucket } from '../brainstem/bucket.ts';
import { scopeBegins } from '../brainstem/time-parts.ts';
import type { Brainstem, FileType, InstantiateOptions, JsonObject, Level, TimeParts, ViewTarget } from '../brainstem/contract.ts';

/** A brainstem without a blueprint: the seeds' paths and small templates, in America/Chicago. For tests only. */

const FOLDERS: Readonly<Record<string, string>> = { miners: 'Miners', dtm: 'DTM', looping: 'Looping', brain: 'Brain', brainstem: 'Brainstem' };
const PERIODS = ['yearly', 'monthly', 'weekly', 'daily', 'hourly'] as const;
const LEVELS = ['year', 'month', 'week', 'day', 'hour'] as const satisfies readonly Level[];

const format = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/Chicago',
  hourCycle: 'h23',
  ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, timeZoneName: 'longOffset' },
} as Intl.DateTimeFormatOptions);

const two = (value: number): string => String(value).padStart(2, '0');

export function chicagoParts(at: number): TimeParts {
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value])) as Record<string, string>;
  const { year = '', month = '', day = '', hour = '' } = part;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const dayOfYear = (midnight - Date.UTC(Number(year), 0, 1)) / 86_400_000;
  // strftime %W: Monday first, days before the first Monday are week 00.
  const week = Math.floor((dayOfYear + 7 - ((new Date(midnight).getUTCDay() + 6) % 7)) / 7);
  const offset = (part.timeZoneName ?? '').replace('GMT', '') || '+00:00';
  return { YYYY: year, MM: month, WW: two(week), DD: day, HH: hour, iso: `${year}-${month}-${day}T${hour}:${part.minute}:${part.second}.${part.fractionalSecond}${offset}` };
}

interface Tree {
  readonly root: string;
  readonly name: string;
  /** Key of the array in period and global files. */
  readonly array: string;
  readonly globalArray: string;
}

function treeOf(type: FileType, category: string): Tree {
  const component = FOLDERS[category];
  switch (type) {
    case 'ledger':
      return { root: 'Ledgers', name: 'ledger', array: 'ledger_entries', globalArray: 'entries' };
    case 'math_proof':
      return { root: 'Ledgers', name: 'math_proof', array: 'proofs', globalArray: 'proofs' };
    case 'submission':
      return { root: 'Submission_Logs', name: 'submission', array: 'submissions', globalArray: 'submissions' };
    case 'rejection':
      return { root: 'Rejections', name: 'rejection', array: 'entries', globalArray: 'entries' };
    case 'look_at':
      return { root: 'User_Look_At', name: 'look_at', array: 'entries', globalArray: 'entries' };
    default:
      break;
  }
  if (component === undefined) throw new RigError('E_BLUEPRINT_INVALID', `unknown component "${category}"`);
  if (type === 'system_report') return { root: `System/System_Reports/${component}`, name: `${category}_report`, array: 'reports', globalArray: 'reports' };
  return { root: `System/Error_Reports/${component}`, name: 'error', array: 'errors', globalArray: 'errors' };
}

function viewTargetsOf(type: FileType, category: string, bucket: string): ViewTarget[] {
  const { root, name, array, globalArray } = treeOf(type, category);
  const hourParts = partsOfBucket(bucket);
  const { YYYY, MM, WW, DD, HH } = hourParts;
  const scopes = [YYYY, MM, `W${WW}`, DD, HH].map((_, index, parts) => parts.slice(0, index + 1).join('/'));
  const hour = scopes[4] ?? '';
  const targets: ViewTarget[] = [];
  // Attempts and proofs share a roll-up file and its array; their ids tell them apart.
  const rollUpArray = 'aggregated_data.reports';
  const add = (file: string, role: ViewTarget['role'], level: Level, scope: string, arrayKey: string | null): void => {
    targets.push({ path: `${root}/${file}`, role, level, scope, begins: scopeBegins(level, hourParts), template: `${role}:${file.includes('/Global/') || type !== 'math_proof' || !isRollUp(role) ? name : 'ledger'}`, arrayKey, entryFields: null });
  };
  if (type === 'system_report' || type === 'error_report') {
    add(`Hourly/${YYYY}/${MM}/${DD}/${HH}/hourly_${name}.json`, 'period', 'hour', hour, array);
    add(`Global/global_${name}.json`, 'global', 'root', 'global', globalArray);
  } else {
    LEVELS.forEach((level, index) => add(`${scopes[index]}/${PERIODS[index]}_${name}.json`, 'period', level, scopes[index] ?? '', array));
    add(`global_${name}.json`, 'global', 'root', 'global', globalArray);
  }
  for (const [folder, stem, role, key] of [
    ['Aggregated', 'aggregated', 'aggregated', rollUpArray],
    ['Aggregated_Index', 'aggregated_index', 'index', null],
  ] as const) {
    add(`${folder}/${stem}.json`, role, 'root', 'all', key);
    LEVELS.forEach((level, index) => add(`${folder}/${scopes[index]}/${stem}_${scopes[index]?.split('/').pop()}.json`, role, level, scopes[index] ?? '', key));
  }
  if (type === 'ledger' || type === 'math_proof' || type === 'submission') {
    add(`Aggregated/Global/global_aggregated_${name}.json`, 'aggregated_global', 'root', 'global', rollUpArray);
    add(`Aggregated_Index/Global/global_index_${name}.json`, 'index_global', 'root', 'global', null);
  }
  return targets;
}

/** Attempts and proofs share these files, and with them their template. */
function isRollUp(role: ViewTarget['role']): boolean {
  return role === 'aggregated' || role === 'index';
}

/** Fields of the templates that carry totals, per tree. */
const TOTALS: Readonly<Record<string, JsonObject>> = {
  'global:ledger': { total_hashes: 0, total_blocks_found: 0, total_attempts: 0, computational_hours: 0 },
  'period:ledger': { total_hashes_this_hour: 0, total_blocks_found_this_hour: 0, best_leading_zeros_this_hour: null },
  'global:math_proof': { total_proofs: 0, total_blocks_proven: 0 },
  'global:submission': { total_submissions: 0, accepted: 0, rejected: 0, orphaned: 0, pending: 0 },
  'global:rejection': { summary: { total_rejections: 0, rejections_by_reason: { invalid_nonce: 0 } } },
  'global:look_at': { summary: { total_entries: 0, by_reason: {} } },
  'global:error': { total_errors: 0, errors_by_severity: { critical: 0, error: 0, warning: 0 } },
  'global:miners_report': { total_hashes: 0, total_miners: null, total_submissions: null, total_blocks_found: 0 },
};

/** Local time less UTC, minutes. */
function zoneOffset(at: number): number {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(chicagoParts(at).iso) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

function instantiate(template: string, { at, iso, level, scope }: InstantiateOptions): JsonObject {
  const [role = '', name = ''] = template.split(':');
  const metadata = { file_type: `${role}_${name}`, level, scope, created: iso ?? chicagoParts(at).iso, last_updated: null };
  if (role.startsWith('index')) return { metadata, summary: { total_entries: 0, data_sources: [] } };
  if (role.startsWith('aggregated')) {
    return { metadata, summary: { total_entries: 0, total_blocks: 0, average_difficulty: null, data_sources: [] }, aggregated_data: { reports: [] } };
  }
  return { metadata, ...structuredClone(TOTALS[template] ?? {}) };
}

export function fakeBrainstem(dataDir: string): Brainstem {
  return {
    mode: 'demo',
    dataDir,
    base: path.join(dataDir, 'Test/Demo/Mining'),
    timeZone: 'America/Chicago',
    componentIds: Object.keys(FOLDERS),
    initialize: () => Promise.reject(new Error('the fake brainstem creates nothing')),
    timeParts: chicagoParts,
    bucketOf: (at) => bucketText(chicagoParts(at)),
    zoneOffset,
    viewTargets: (type, category, at) => viewTargetsOf(type, category, bucketText(chicagoParts(at))),
    viewTargetsOf,
    instantiate,
    componentFolder(component) {
      const folder = FOLDERS[component];
      if (folder === undefined) throw new RigError('E_BLUEPRINT_INVALID', `unknown component "${component}"`);
      return folder;
    },
    componentLabel(component) {
      return this.componentFolder(component);
    },
    flags: () => ({ demo_mode_flag: true }),
  };
}
