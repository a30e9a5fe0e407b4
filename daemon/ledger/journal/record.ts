import { createHash, hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { FileType, JsonObject } from '../../brainstem/contract.ts';

/*
 * The journal is text, one record a line:
 *
 *   <crc32 of the JSON, 8 hex digits> SP <JSON> LF
 *
 * Empty lines are room not used yet. Four kinds of JSON stand in it; the first member tells them apart:
 *
 *   {"x":<chain>,"s":..,"t":..,"z":..,"k":..,"c":..,"b":..,"e":{"id":..,..}}   an entry, or what happened to the ledger itself
 *   {"h":1,...}    first line of a segment (segment.ts)
 *   {"p":[...]}    how far the files of the tree are (a hint for the next start; never chained, may be lost)
 *   {"w":{...}}    what was written to the disk since the last such line (for the budget)
 */

/** What a record is about: an entry of one of the trees, or the ledger's own doings. `start`: a run began. */
export type RecordKind = FileType | 'start';

/** One chained record. */
export interface LedgerRecord {
  /** Sequence number from 1, without gaps but for those a segment's header admits. */
  readonly seq: number;
  /** When it was accepted, ms since the epoch by the clock of the host. Never used for order. */
  readonly at: number;
  /** Offset of local time from UTC at that instant, minutes. */
  readonly zone: number;
  readonly kind: RecordKind;
  /** Component whose tree it belongs to (canonical id or alias). */
  readonly category: string;
  /** The hour it belongs to for ever: `2026/11/W47/20/14`. */
  readonly bucket: string;
  readonly id: string;
  /** SHA-256 over the chain value before it and its own body, 64 hex digits. */
  readonly chain: string;
  /** The entry as JSON text, exactly as it stands in the files of the tree. */
  readonly entryText: string;
}

/** What a record is made from; sequence number and chain are the journal's to give. */
export type NewRecord = Omit<LedgerRecord, 'seq' | 'chain'>;

/** The chain value before the first record. */
export const CHAIN_START = '0'.repeat(64);

/** `{"x":"` + 64 hex digits + `",` */
const CHAIN_LENGTH = 72;
const CRC_LENGTH = 9;

/** The line of a record, LF included, and its chain value. @param previous chain value of the record before */
export function encodeRecord(record: NewRecord, seq: number, previous: string): { line: string; chain: string } {
  const { at, zone, kind, category, bucket, id, entryText } = record;
  // An entry begins with its id; one that does not has it beside it.
  const idText = JSON.stringify(id);
  const own = entryText.startsWith(`{"id":${idText}`) ? '' : `"i":${idText},`;
  const body = `"s":${seq},"t":${at},"z":${zone},"k":"${kind}","c":${JSON.stringify(category)},"b":"${bucket}",${own}"e":${entryText}}`;
  const chain = chainOf(previous, body);
  return { line: encodeLine(`{"x":"${chain}",${body}`), chain };
}

/** A line of any kind, with its checksum and LF. @param json without line breaks, as JSON.stringify makes it */
export function encodeLine(json: string): string {
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

/** The JSON of a line when its checksum is right; null for anything else. @param line without LF */
export function checkedJson(line: string): string | null {
  if (line.length <= CRC_LENGTH || line[8] !== ' ') return null;
  const json = line.slice(CRC_LENGTH);
  return crc32(json) === Number.parseInt(line.slice(0, 8), 16) && /^[0-9a-f]{8}/.test(line) ? json : null;
}

/** True for the JSON of a chained record, as `checkedJson` gives it. */
export function isRecord(json: string): boolean {
  return json.startsWith('{"x":"');
}

/** Reads a chained record. @returns null when the JSON is not one */
export function decodeRecord(json: string): LedgerRecord | null {
  const entryAt = json.indexOf('"e":');
  if (!isRecord(json) || entryAt < 0 || !json.endsWith('}')) return null;
  const entryText = json.slice(entryAt + 4, -1);
  let head: JsonObject;
  try {
    head = JSON.parse(`${json.slice(0, entryAt)}"e":0}`) as JsonObject;
  } catch {
    return null;
  }
  const { x, s, t, z, k, c, b, i = idIn(entryText) } = head;
  if (typeof x !== 'string' || typeof s !== 'number' || typeof t !== 'number' || typeof z !== 'number') return null;
  if (typeof k !== 'string' || typeof c !== 'string' || typeof b !== 'string' || typeof i !== 'string') return null;
  return { seq: s, at: t, zone: z, kind: k as RecordKind, category: c, bucket: b, id: i, chain: x, entryText };
}

/** The id that an entry begins with; undefined when it begins otherwise. */
function idIn(entryText: string): unknown {
  const text = /^\{"id":("(?:[^"\\]|\\.)*")/.exec(entryText)?.[1];
  return text === undefined ? undefined : JSON.parse(text);
}

/** True when a record's chain value follows from the one before. @param json as `checkedJson` gives it */
export function followsFrom(json: string, previous: string): boolean {
  return json.slice(6, 70) === chainOf(previous, json.slice(CHAIN_LENGTH));
}

function chainOf(previous: string, body: string): string {
  return oneShot(previous + body);
}

/** `crypto.hash` is twice as fast as createHash for short texts; it came with Node 20.12. */
const oneShot: (text: string) => string = typeof hash === 'function' ? (text) => hash('sha256', text, 'hex') : (text) => createHash('sha256').update(text).digest('hex');
