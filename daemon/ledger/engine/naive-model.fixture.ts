import { isDeepStrictEqual } from 'node:util';
import type { Brainstem, FileType, JsonObject, Level, ViewTarget } from '../../brainstem/contract.ts';
import { localIso } from '../../brainstem/local-iso.ts';

/*
 * What the tree must say, worked out the slow way: every file's entries are all entries that belong to it, and every number
 * is counted over them from nothing. Shares no code with the engine.
 */

/** An entry that was accepted, as the journal has it. */
export interface NaiveRecord {
  readonly seq: number;
  readonly at: number;
  readonly zone: number;
  readonly kind: string;
  readonly category: string;
  readonly bucket: string;
  readonly id: string;
  readonly entryText: string;
}

interface Known extends NaiveRecord {
  readonly entry: JsonObject;
  readonly targets: readonly ViewTarget[];
}

interface NaiveFile {
  readonly target: ViewTarget;
  readonly records: Known[];
}

type Blueprint = Pick<Brainstem, 'viewTargetsOf' | 'instantiate'>;

/** The files of the tree, by path relative to the base folder. */
export class NaiveTree {
  readonly #brainstem: Blueprint;
  readonly #files = new Map<string, NaiveFile>();
  readonly #targets = new Map<string, readonly ViewTarget[]>();

  /** @param records in order of their numbers */
  constructor(brainstem: Blueprint, records: readonly NaiveRecord[]) {
    this.#brainstem = brainstem;
    for (const record of records) {
      if (record.kind === 'start') continue;
      const targets = this.#targetsOf(record);
      const known = { ...record, entry: JSON.parse(record.entryText) as JsonObject, targets };
      for (const target of targets) {
        const file = this.#files.get(target.path);
        if (file) file.records.push(known);
        else this.#files.set(target.path, { target, records: [known] });
      }
    }
  }

  get paths(): string[] {
    return [...this.#files.keys()];
  }

  /** Files of an entry; an index of a roll-up that the blueprint does not have is left out. */
  #targetsOf({ kind, category, bucket }: NaiveRecord): readonly ViewTarget[] {
    const key = `${kind} ${category} ${bucket}`;
    let targets = this.#targets.get(key);
    if (targets !== undefined) return targets;
    const all = this.#brainstem.viewTargetsOf(kind as FileType, category, bucket);
    targets = all.filter((target) => target.arrayKey !== null || all.some((other) => other.level === target.level && other.role === target.role.replace('index', 'aggregated')));
    this.#targets.set(key, targets);
    return targets;
  }

  /** What is wrong with the tree, in words; empty when nothing is. @param read a file's bytes, null when it is not there */
  differences(read: (path: string) => Buffer | null): string[] {
    return this.paths.flatMap((path) => this.#check(path, read).map((what) => `${path}: ${what}`));
  }

  #check(path: string, read: (path: string) => Buffer | null): string[] {
    const { target, records } = this.#files.get(path)!;
    const bytes = read(path);
    if (bytes === null) return ['is not there'];
    let document: JsonObject;
    try {
      document = JSON.parse(bytes.toString()) as JsonObject;
    } catch (error) {
      return [`is not JSON: ${String(error)}`];
    }
    const wrong: string[] = [];
    const same = (what: string, found: unknown, expected: unknown): void => {
      if (!isDeepStrictEqual(found, expected)) wrong.push(`${what} is ${brief(found)}, should be ${brief(expected)}`);
    };
    const metadata = document.metadata as JsonObject;
    const last = records.at(-1)!;
    same('through_seq', metadata.through_seq, last.seq);
    same('last_updated', metadata.last_updated, localIso(last.at, last.zone));
    if (target.arrayKey === null) this.#checkIndex(target, records, document, same);
    else checkEntries(entriesOf(target.arrayKey, document, read), records, target, wrong);
    if (target.role.startsWith('aggregated')) this.#checkSources(path, records, document, wrong);
    const empty = emptyOf(this.#brainstem, target);
    for (const [where, container, blank] of containers(document, empty)) checkNumbers(where, container, blank, records, same);
    return wrong;
  }

  /** The sources of a roll-up: files that are there and hold each of its entries once, and every family's file of all time. */
  #checkSources(path: string, records: readonly Known[], document: JsonObject, wrong: string[]): void {
    const { data_sources: sources, total_entries: total } = document.summary as { data_sources: string[]; total_entries: number };
    if (total !== records.length) wrong.push(`total_entries is ${total}, should be ${records.length}`);
    if (new Set(sources).size !== sources.length) wrong.push('a source is named twice');
    const times = new Map(records.map((record) => [record.seq, 0]));
    const globals = new Set(records.flatMap((record) => record.targets.filter((target) => target.role === 'global').map((target) => target.path)));
    for (const source of sources) {
      if (globals.delete(source)) continue;
      const file = this.#files.get(source);
      if (!file) wrong.push(`${source} is named as a source and is not there`);
      for (const { seq } of file?.records ?? []) if (times.has(seq)) times.set(seq, times.get(seq)! + 1);
    }
    for (const missing of globals) wrong.push(`${missing} is not named as a source`);
    const odd = [...times].filter(([, count]) => count !== 1);
    if (odd.length > 0 && !sources.includes(path)) wrong.push(`entry ${odd[0]![0]} is in ${odd[0]![1]} of its sources (${odd.length} like it)`);
  }

  #checkIndex(target: ViewTarget, records: readonly Known[], document: JsonObject, same: Same): void {
    const summary = document.summary as JsonObject;
    const sources = new Set<string>();
    for (const targets of new Set(records.map((record) => record.targets))) {
      const global = targets.find((other) => other.role === 'global');
      const hour = targets.find((other) => other.role === 'period' && other.level === 'hour') ?? targets.find((other) => other.role === 'aggregated' && other.level === 'hour');
      for (const source of [global, hour]) if (source) sources.add(source.path);
    }
    same('data_sources', [...(summary.data_sources as string[])].sort(), [...sources].sort());
    same('total_entries', summary.total_entries, records.length);
    const depth = DEPTH[target.level];
    const buckets = new Set(records.map((record) => record.bucket));
    for (const level of LEVELS) {
      if (DEPTH[level] <= depth) continue;
      same(`total_${level}s`, summary[`total_${level}s`], new Set([...buckets].map((bucket) => periodOf(bucket, level))).size);
    }
    if (depth === 5) return;
    const children = new Map<string, number>();
    for (const { bucket } of records) {
      const scope = bucket.split('/').slice(0, depth + 1).join('/');
      children.set(scope, (children.get(scope) ?? 0) + 1);
    }
    same('sub_levels', document.sub_levels, [...children].sort(([a], [b]) => (a < b ? -1 : 1)).map(([scope, total_entries]) => ({ scope, total_entries })));
  }
}

const empties = new WeakMap<Blueprint, Map<string, JsonObject>>();

/** An empty document of a file: which totals it has does not depend on when it began. */
function emptyOf(brainstem: Blueprint, { template, level, scope, begins }: ViewTarget): JsonObject {
  let known = empties.get(brainstem);
  if (known === undefined) empties.set(brainstem, (known = new Map()));
  let empty = known.get(`${template} ${level}`);
  if (empty === undefined) known.set(`${template} ${level}`, (empty = brainstem.instantiate(template, { iso: '', level, scope, begins })));
  return empty;
}

type Same = (what: string, found: unknown, expected: unknown) => void;

const LEVELS = ['year', 'month', 'week', 'day', 'hour'] as const;
const DEPTH: Readonly<Record<Level, number>> = { root: 0, year: 1, month: 2, week: 3, day: 4, hour: 5 };

/** A name for a period; a week is named by its month and Monday, so that the week's number does not matter. */
function periodOf(bucket: string, level: (typeof LEVELS)[number]): string {
  const [year, month, , day, hour] = bucket.split('/');
  const monday = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  monday.setUTCDate(monday.getUTCDate() - ((monday.getUTCDay() + 6) % 7));
  const names = { year, month: `${year}/${month}`, week: `${year}/${month}/${monday.toISOString()}`, day: `${year}/${month}/${day}`, hour: `${year}/${month}/${day}/${hour}` };
  return names[level]!;
}

/** The entries of a file, those of its closed parts before them. */
function entriesOf(arrayKey: string, document: JsonObject, read: (path: string) => Buffer | null): unknown[] | string {
  const { earlier_parts: parts = [], entries_in_this_part: count } = document.metadata as { earlier_parts?: { file: string; entries: number }[]; entries_in_this_part?: number };
  const pick = (from: JsonObject): unknown[] => arrayKey.split('.').reduce<unknown>((node, key) => (node as JsonObject)[key], from) as unknown[];
  const all: unknown[] = [];
  for (const { file, entries } of parts) {
    const bytes = read(file);
    if (bytes === null) return `the part ${file} is not there`;
    const part = pick(JSON.parse(bytes.toString()) as JsonObject);
    if (part.length !== entries) return `the part ${file} has ${part.length} entries, not ${entries}`;
    all.push(...part);
  }
  const own = pick(document);
  if (count !== undefined && own.length !== count) return `${own.length} entries where it says ${count}`;
  return [...all, ...own];
}

function checkEntries(found: unknown[] | string, records: readonly Known[], target: ViewTarget, wrong: string[]): void {
  if (typeof found === 'string') return void wrong.push(found);
  const expected = records.map((record) => asWritten(record.entry, target));
  if (isDeepStrictEqual(found, expected)) return;
  const ids = (all: readonly unknown[]): string => brief(all.map((entry) => (entry as JsonObject | null)?.id));
  wrong.push(ids(found) === ids(expected) ? 'an entry was changed' : `its entries are ${ids(found)}, should be ${ids(expected)}`);
}

/** Places where a document has totals, with what an empty one has there. */
function containers(document: JsonObject, empty: JsonObject): [string, JsonObject, JsonObject][] {
  const isPlain = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);
  const found: [string, JsonObject, JsonObject][] = [['', document, empty]];
  for (const name of ['summary', 'global_data', 'system_status']) if (isPlain(document[name]) && isPlain(empty[name])) found.push([`${name}.`, document[name], empty[name]]);
  return found;
}

function checkNumbers(where: string, container: JsonObject, empty: JsonObject, records: readonly Known[], same: Same): void {
  for (const [key, blank] of Object.entries(empty)) {
    const name = key.replace(/_this_(hour|day|week|month|year)$/, '').replace(/^total_/, '');
    const count = NUMBERS[name];
    const groups = GROUPS[name];
    if (count !== undefined && (blank === null || typeof blank === 'number')) {
      const expected = count(records);
      if (expected === null || (blank === null && expected === 0 && !MEASURED.has(name))) same(where + key, container[key], blank);
      else if (Number.isInteger(expected)) same(where + key, container[key], expected);
      else same(where + key, Math.abs((container[key] as number) - expected) <= 1e-9 * Math.abs(expected), true);
    } else if (groups !== undefined && typeof blank === 'object') {
      const expected = { ...(blank as Record<string, number>) };
      for (const one of records) {
        const group = groups(one);
        if (typeof group === 'string' && group !== '') expected[group] = (expected[group] ?? 0) + 1;
      }
      same(where + key, { ...(container[key] as JsonObject) }, expected);
    }
  }
}

interface One {
  readonly kind: string;
  readonly entry: JsonObject;
}

const of = (kind: string) => (all: readonly One[]): number => all.filter((one) => one.kind === kind).length;
const withStatus = (status: string) => (all: readonly One[]): number => all.filter((one) => one.kind === 'submission' && one.entry.status === status).length;
const sum = (numbers: readonly number[]): number | null => (numbers.length === 0 ? null : numbers.reduce((a, b) => a + b, 0));
const numbersOf = (all: readonly One[], key: string): number[] => all.flatMap(({ entry }) => (typeof entry[key] === 'number' ? [entry[key]] : []));
const isRound = ({ kind, entry }: One): boolean => kind === 'system_report' && entry.event === 'mining_round_complete';

function isAcceptedBlock({ kind, entry }: One): boolean {
  if (entry.is_block !== true) return false;
  const verdict = entry.verdict ?? (kind === 'submission' ? entry.status : undefined);
  return verdict === undefined || verdict === null || verdict === 'accepted';
}

/** An attempt, its submission and its proof are about one block: the type that knows of most counts; proofs only by themselves. */
function blocks(all: readonly One[]): number {
  const kinds = [...new Set(all.map((one) => one.kind))];
  const telling = kinds.filter((kind) => kind !== 'math_proof');
  return Math.max(0, ...(telling.length === 0 ? kinds : telling).map((kind) => blocksOf(all, kind)));
}

function blocksOf(all: readonly One[], kind: string): number {
  const inRounds = all.filter((one) => one.kind === kind && isRound(one)).map(({ entry }) => Number(entry.blocks_found ?? 0));
  return all.filter((one) => one.kind === kind && isAcceptedBlock(one)).length + (sum(inRounds) ?? 0);
}

const hashes = (all: readonly One[]): number | null => sum([...numbersOf(all.filter((one) => one.kind === 'ledger'), 'hashes_tried'), ...numbersOf(all.filter(isRound), 'attempts_this_round')]);

const NUMBERS: Readonly<Record<string, (all: readonly One[]) => number | null>> = {
  entries: (all) => all.length,
  attempts: of('ledger'),
  proofs: of('math_proof'),
  submissions: of('submission'),
  submitted: of('submission'),
  rejections: of('rejection'),
  reports: of('system_report'),
  errors: of('error_report'),
  accepted: withStatus('accepted'),
  rejected: withStatus('rejected'),
  orphaned: withStatus('orphaned'),
  pending: withStatus('pending'),
  blocks,
  blocks_found: blocks,
  blocks_proven: (all) => blocksOf(all, 'math_proof'),
  hashes,
  hashes_computed: hashes,
  mining_sessions: (all) => all.filter(({ kind, entry }) => kind === 'system_report' && entry.event === 'mining_session_start').length,
  mining_rounds: (all) => all.filter(isRound).length,
  average_difficulty: (all) => {
    const found = numbersOf(all, 'difficulty');
    return found.length === 0 ? null : sum(found)! / found.length;
  },
  best_difficulty: (all) => (numbersOf(all, 'difficulty').length === 0 ? null : Math.max(...numbersOf(all, 'difficulty'))),
  best_leading_zeros: (all) => (numbersOf(all, 'leading_zeros').length === 0 ? null : Math.max(...numbersOf(all, 'leading_zeros'))),
  acceptance_rate: (all) => {
    const [yes, no] = [withStatus('accepted')(all), withStatus('rejected')(all)];
    return yes + no === 0 ? null : yes / (yes + no);
  },
};

/** Where 0 is something that was found; a count that begins as unknown stays so at 0. */
const MEASURED: ReadonlySet<string> = new Set(['hashes', 'hashes_computed', 'average_difficulty', 'best_difficulty', 'best_leading_zeros', 'acceptance_rate']);

const GROUPS: Readonly<Record<string, (one: One) => unknown>> = {
  by_type: ({ kind }) => kind,
  by_reason: ({ kind, entry }) => (kind === 'look_at' ? entry.reason : null),
  rejections_by_reason: ({ kind, entry }) => (kind === 'rejection' ? entry.reason : null),
  submissions_by_status: ({ kind, entry }) => (kind === 'submission' ? entry.status : null),
  errors_by_severity: ({ kind, entry }) => (kind === 'error_report' ? entry.severity : null),
  errors_by_type: ({ kind, entry }) => (kind === 'error_report' ? entry.error_type : null),
  errors_by_component: ({ kind, entry }) => (kind === 'error_report' ? entry.component : null),
  reports_by_component: ({ kind, entry }) => (kind === 'system_report' ? entry.component : null),
};

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}

/** An entry as the blueprint wants it in a file: whole, or some of its fields. */
function asWritten(entry: JsonObject, { entryFields }: ViewTarget): JsonObject {
  if (entryFields === null) return entry;
  const short: JsonObject = {};
  for (const field of entryFields) if (field in entry) short[field] = entry[field];
  return short;
}
