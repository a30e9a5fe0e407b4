import { suggest } from '../../../config/suggest.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { isObject } from '../../../protocol/common/json.ts';
import type { JsonObject } from '../../brainstem/contract.ts';
import type { LedgerRecord } from '../journal/record.ts';
import { isSince, isUntil, type Bound } from './when.ts';

/** Every kind a record can be of, as commands name them. */
export const RECORD_KINDS: readonly string[] = ['ledger', 'math_proof', 'submission', 'rejection', 'look_at', 'system_report', 'error_report', 'start'];

/** Which records are wanted; what is left out asks for nothing. */
export interface Filter {
  readonly kinds?: readonly string[];
  /** Component the entry belongs to or signed it. Case, spaces, `-` and `_` do not count. */
  readonly component?: string;
  readonly since?: Bound;
  readonly until?: Bound;
  /** `status` of the entry or the verdict on it. */
  readonly status?: string;
  readonly pool?: string;
  readonly miner?: string;
  readonly id?: string;
  /** Only what is about a block. */
  readonly blocks?: boolean;
}

/** A record and, when a filter had to look into it, its entry. */
export type Predicate = (record: LedgerRecord) => boolean;

/** @throws RigError E_FLAG_INVALID with the kind that was probably meant */
export function kindNamed(option: string, word: string): string {
  const kind = word.trim().toLowerCase().replaceAll('-', '_');
  if (RECORD_KINDS.includes(kind)) return kind;
  const near = suggest(kind, RECORD_KINDS);
  throw new RigError('E_FLAG_INVALID', `${option}: there is no kind "${word}"${near === null ? '' : ` (did you mean ${near}?)`}`, { hint: `Kinds are ${RECORD_KINDS.join(', ')}.` });
}

/** Makes one test of a filter: the cheap questions first, the entry is parsed only when one of them asks for its fields. */
export function predicateOf(filter: Filter): Predicate {
  const heads: Predicate[] = [];
  const { kinds, since, until, id } = filter;
  if (kinds !== undefined && kinds.length > 0) heads.push((record) => kinds.includes(record.kind));
  if (id !== undefined) heads.push((record) => record.id === id);
  if (since !== undefined) heads.push((record) => isSince(record, since));
  if (until !== undefined) heads.push((record) => isUntil(record, until));
  const questions = fieldQuestions(filter);
  return (record) => heads.every((isWanted) => isWanted(record)) && (questions.length === 0 || holdsAll(questions, record));
}

interface Question {
  /** Text that must stand in the JSON for the answer to be yes; empty when there is no such text. */
  readonly text: string;
  isYes(entry: JsonObject, record: LedgerRecord): boolean;
}

function fieldQuestions({ component, status, pool, miner, blocks }: Filter): Question[] {
  const questions: Question[] = [];
  if (component !== undefined) questions.push({ text: '', isYes: (entry, record) => [record.category, entry.component].some((name) => typeof name === 'string' && plain(name) === plain(component)) });
  if (status !== undefined) questions.push({ text: inJson(status), isYes: (entry) => statesOf(entry).includes(status) });
  if (pool !== undefined) questions.push({ text: inJson(pool), isYes: (entry) => entry.pool === pool });
  if (miner !== undefined) questions.push({ text: inJson(miner), isYes: (entry) => entry.miner_id === miner });
  if (blocks === true) questions.push({ text: '"is_block":true', isYes: (entry) => entry.is_block === true });
  return questions;
}

function holdsAll(questions: readonly Question[], record: LedgerRecord): boolean {
  if (!questions.every(({ text }) => record.entryText.includes(text))) return false;
  const entry = entryOf(record);
  return questions.every((question) => question.isYes(entry, record));
}

/** The entry of a record; empty when its text is not an object. */
export function entryOf(record: LedgerRecord): JsonObject {
  try {
    const entry: unknown = JSON.parse(record.entryText);
    return isObject(entry) ? entry : {};
  } catch {
    return {};
  }
}

/** Every word an entry has for how it went. */
function statesOf(entry: JsonObject): unknown[] {
  const response = isObject(entry.network_response) ? entry.network_response.status : undefined;
  return [entry.status, entry.verdict, response, entry.severity];
}

function inJson(text: string): string {
  return JSON.stringify(text);
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, '');
}
