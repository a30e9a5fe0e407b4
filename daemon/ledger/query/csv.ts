import { isObject } from '../../../protocol/common/json.ts';
import type { JsonObject } from '../../brainstem/contract.ts';
import { localIso } from '../../brainstem/local-iso.ts';
import type { LedgerRecord } from '../journal/record.ts';
import { fieldColumns, HEAD_COLUMNS, OTHER_COLUMN } from './csv-columns.ts';
import { entryOf } from './filter.ts';

/** Writes records as CSV (RFC 4180: CRLF, quotes doubled), UTF-8 without a byte order mark. */
export interface CsvWriter {
  /** Without line end, as `row` is. */
  header(): string;
  row(record: LedgerRecord): string;
}

/** @param kinds which kinds of record will come; they alone decide the columns */
export function csvWriter(kinds: readonly string[]): CsvWriter {
  const fields = fieldColumns(kinds).map((column) => column.split('.'));
  // Members that columns take something out of, with what they take.
  const taken = new Map<string, Set<string>>();
  for (const [member = '', inner] of fields) taken.set(member, (taken.get(member) ?? new Set()).add(inner ?? ''));
  return {
    header: () => [...HEAD_COLUMNS, ...fields.map((path) => path.join('.')), OTHER_COLUMN].map(cell).join(','),
    row(record) {
      const entry = entryOf(record);
      const { seq, at, zone, kind, category, bucket, id } = record;
      const head = [seq, localIso(at, zone), kind, category, bucket, id, entry.timestamp];
      return [...head, ...fields.map((path) => valueAt(entry, path)), othersOf(entry, id, taken)].map(cell).join(',');
    },
  };
}

function valueAt(entry: JsonObject, [member = '', inner]: readonly string[]): unknown {
  const value = own(entry, member);
  if (inner === undefined) return value;
  return isObject(value) ? own(value, inner) : undefined;
}

/** What no column holds; empty when there is nothing. */
function othersOf(entry: JsonObject, id: string, taken: ReadonlyMap<string, ReadonlySet<string>>): JsonObject | undefined {
  const others: [string, unknown][] = [];
  for (const [member, value] of Object.entries(entry)) {
    const inner = taken.get(member);
    if (inner?.has('') === true || member === 'timestamp' || (member === 'id' && value === id)) continue;
    if (inner === undefined || !isObject(value)) others.push([member, value]);
    else {
      const left = Object.entries(value).filter(([name]) => !inner.has(name));
      if (left.length > 0) others.push([member, Object.fromEntries(left)]);
    }
  }
  return others.length === 0 ? undefined : Object.fromEntries(others);
}

/** First characters that make a spreadsheet take a text for a formula, in its own and in full width. */
const FORMULA = /^[\s\u0000]*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

/**
 * One cell. A text that a spreadsheet could take for a formula gets an apostrophe in front, since what pools and devices
 * send ends up here; numbers stay numbers.
 */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const plain = typeof value === 'string' ? value : JSON.stringify(value);
  const text = FORMULA.test(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) || text.trim() !== text ? `"${text.replaceAll('"', '""')}"` : text;
}

function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
