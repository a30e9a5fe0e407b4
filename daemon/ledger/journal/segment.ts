import type { JsonObject } from '../../brainstem/contract.ts';
import { isMissing, type Disk } from '../disk/disk.ts';
import { encodeLine } from './record.ts';

/*
 * The journal is a row of segments, `00000042.ndjson`, each begun with a header that says what came before it, so that
 * nothing older has to be read to go on. A segment is written by one run only, and never again once another was begun.
 *
 * What makes sequence numbers safe to give out again after a disk error: a record in an earlier segment whose number is
 * above a header's `after` is void. It was never durable, and was either written again further on or kept elsewhere.
 */

/** First line of a segment. */
export interface SegmentHeader {
  readonly number: number;
  /** Number of the last valid record before this segment; what earlier segments hold above it is void. The first record here is the one after it. */
  readonly after: number;
  /** Chain value the first record follows from. */
  readonly chain: string;
  /** When it was begun, ms since the epoch. */
  readonly at: number;
  /** Arrival time of record `after`, null when there is none. */
  readonly lastAt: number | null;
  /** Records that are known to be lost, first and last number of each run of them. */
  readonly gaps: readonly Gap[];
  /** State of every open view. */
  readonly views: readonly JsonObject[];
}

export type Gap = readonly [from: number, to: number];

/** A file that is a segment by its name. */
export interface SegmentRef {
  readonly number: number;
  readonly name: string;
  /** `.ndjson.gz` */
  readonly packed: boolean;
}

/** JSON of the line that says the journal was closed in good order. */
export const CLOSED_LINE = '{"c":1}';

const NAME = /^(\d{8})\.ndjson(\.gz)?$/;

export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.ndjson`;
}

/** Null for a name that is not a segment's. */
export function segmentRef(name: string): SegmentRef | null {
  const match = NAME.exec(name);
  return match === null ? null : { number: Number(match[1]), name, packed: match[2] !== undefined };
}

/** Every segment in a folder, oldest first; none when there is no folder. Of a segment that is there plain and packed, the plain one. @throws the disk's error */
export async function segmentsIn(disk: Disk, folder: string): Promise<SegmentRef[]> {
  let names: string[];
  try {
    names = await disk.readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  const byNumber = new Map<number, SegmentRef>();
  for (const name of names) {
    const ref = segmentRef(name);
    if (ref !== null && byNumber.get(ref.number)?.packed !== false) byNumber.set(ref.number, ref);
  }
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
}

/** The line of a header, LF included. `s` is there for people and scripts: the number of the first record. */
export function encodeHeader(header: SegmentHeader): string {
  const { number, after, chain, at, lastAt, gaps, views } = header;
  return encodeLine(JSON.stringify({ h: 1, n: number, s: after + 1, a: after, x: chain, t: at, l: lastAt, gaps, v: views }));
}

/** Reads a header. @param json as `checkedJson` gives it @param number of the segment it stands in @returns null when it is not the header of that */
export function decodeHeader(json: string, number: number): SegmentHeader | null {
  if (!json.startsWith('{"h":1,')) return null;
  let parsed: JsonObject;
  try {
    parsed = JSON.parse(json) as JsonObject;
  } catch {
    return null;
  }
  const { n, a, x, t, l, gaps, v } = parsed;
  if (n !== number || typeof a !== 'number' || typeof x !== 'string' || typeof t !== 'number') return null;
  if (!Array.isArray(gaps) || !Array.isArray(v)) return null;
  return { number, after: a, chain: x, at: t, lastAt: typeof l === 'number' ? l : null, gaps: gaps as Gap[], views: v as JsonObject[] };
}
