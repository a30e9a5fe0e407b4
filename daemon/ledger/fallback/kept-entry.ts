import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import path from 'node:path';
import { isObject } from '../../../protocol/common/json.ts';
import type { NewRecord } from '../journal/record.ts';

/** A record outside the journal, with what a person who finds it wants to know. */
export interface KeptEntry {
  /** Order of arrival among everything kept: ms since the epoch, raised where needed so that none occurs twice in a run. */
  readonly order: number;
  /** Local time with offset at which it was kept. */
  readonly time: string;
  /** The hour file it was meant for, relative to the base folder. */
  readonly path: string;
  /** Why the journal did not take it. */
  readonly reason: string;
  readonly record: NewRecord;
}

/** `{time, path, reason, order, crc, record: {at, zone, kind, category, bucket, id}, data}`; `crc` covers order, record and data. */
function plainForm({ order, time, path: wanted, reason, record }: KeptEntry): Record<string, unknown> {
  const { at, zone, kind, category, bucket, id, entryText } = record;
  const data: unknown = JSON.parse(entryText);
  const head = { at, zone, kind, category, bucket, id };
  return { time, path: wanted, reason, order, crc: checksum(order, head, data), record: head, data };
}

/** The content of a file of layer 1: JSON a person can read. */
export function fileText(kept: KeptEntry): string {
  return `${JSON.stringify(plainForm(kept), null, 2)}\n`;
}

/** A line of layer 2, LF included. */
export function lineText(kept: KeptEntry): string {
  return `${JSON.stringify(plainForm(kept))}\n`;
}

/** Reads either form back. @returns null when it has no `record` (the ledger's first form, or something else) @throws Error with what is wrong */
export function decodeKept(value: unknown): KeptEntry | null {
  if (!isObject(value) || !isObject(value.record)) return null;
  const { time, path: wanted, reason, order, crc, record, data } = value;
  const { at, zone, kind, category, bucket, id } = record;
  if (typeof order !== 'number' || typeof at !== 'number' || typeof zone !== 'number') throw new Error('a number is missing');
  if (typeof kind !== 'string' || typeof category !== 'string' || typeof bucket !== 'string' || typeof id !== 'string') throw new Error('kind, category, bucket or id is missing');
  const head = { at, zone, kind: kind as NewRecord['kind'], category, bucket, id };
  if (crc !== checksum(order, head, data)) throw new Error('the checksum does not fit');
  return { order, time: String(time), path: String(wanted), reason: String(reason), record: { ...head, entryText: JSON.stringify(data) } };
}

function checksum(order: number, head: object, data: unknown): string {
  return crc32(`${order} ${JSON.stringify(head)} ${JSON.stringify(data)}`).toString(16).padStart(8, '0');
}

/** Characters of an id or component that are left alone in a file name; no dot, which divides the name. */
const UNSAFE = /[^A-Za-z0-9_-]/g;
const LONGEST_KEY = 100;

/** The part of a file name that stands for an id. Different ids never share one: an id that had to be changed gets a hash. */
export function keyOf(id: string): string {
  const safe = id.replace(UNSAFE, '_').slice(0, LONGEST_KEY);
  return safe === id && safe !== '' ? safe : `${safe}~${createHash('sha256').update(id).digest('hex').slice(0, 16)}`;
}

/** Path of a record's file below `Backup_Logs`, with `/`. @param component folder name of its component */
export function backupName(component: string, kept: KeptEntry): string {
  const { dir, name } = path.posix.parse(insideOnly(kept.path));
  return path.posix.join(plainName(component), dir, `${name}.${keyOf(kept.record.id)}.${String(kept.order).padStart(13, '0')}.json`);
}

const NAME = /\.([A-Za-z0-9_~-]+)\.(\d{13,16})\.json$/;

/** Key and order from the name of a file of layer 1; null for a name of another form. */
export function parseBackupName(name: string): { readonly key: string; readonly order: number } | null {
  const match = NAME.exec(name);
  return match === null ? null : { key: match[1] ?? '', order: Number(match[2]) };
}

/** A name that is safe as one part of a path, whatever the caller put in. */
export function plainName(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9._-]+/g, '_').replace(/^\.+/, '_').slice(0, LONGEST_KEY);
  return safe === '' ? 'unnamed' : safe;
}

/** A path with `/` that cannot leave the folder it is put below. */
export function insideOnly(file: string): string {
  const parts = file.split(/[\\/]+/).filter((part) => part !== '' && part !== '.');
  return parts.length === 0 ? 'unnamed' : parts.map(plainName).join('/');
}
