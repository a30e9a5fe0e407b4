import type { JsonObject } from '../../brainstem/contract.ts';
import { BLOCK } from '../disk/disk.ts';
import { isObject } from '../../../protocol/common/json.ts';

/*
 * A file of the tree is a head, the items of one array, a line each, and a tail:
 *
 *   {
 *     "metadata": { ... },                 head: everything that changes, rewritten at every publication,
 *     "summary": { ... },                  filled up with spaces to a multiple of BLOCK, so that the items
 *     "aggregated_data": {                 never move
 *       "reports": [
 *   {"id":"report_...", ...},              items: only ever appended to
 *   {"id":"report_...", ...}
 *   ]}}                                    tail: the same bytes for the life of the file
 */

/** Text of head and tail around the array. */
export interface Frame {
  /** Exactly `headBytes` long. */
  readonly head: Buffer;
  readonly tail: Buffer;
}

/** A number takes at most this much room in JSON, so that a head does not outgrow its room by counting. */
const WIDEST_NUMBER = 24;

/**
 * Head and tail of a document.
 * @param document as it is to be read; what stands at `arrayPath` is left out, and its parents move to the end
 * @param arrayPath where the items go, e.g. `['aggregated_data', 'reports']`
 */
export function frame(document: JsonObject, arrayPath: readonly string[]): Frame {
  let open = '';
  let close = '';
  let holder: JsonObject = document;
  arrayPath.forEach((key, depth) => {
    const last = depth === arrayPath.length - 1;
    const { [key]: inner, ...others } = holder;
    const indent = '  '.repeat(depth + 1);
    const members = Object.entries(others).map(([name, value]) => `${indent}${JSON.stringify(name)}: ${pretty(value, indent)},\n`);
    open += `{\n${members.join('')}`;
    close = `}${close}`;
    if (last) open += `\u0001${indent}${JSON.stringify(key)}: [`;
    else open += `${indent}${JSON.stringify(key)}: `;
    holder = isObject(inner) ? inner : {};
  });
  const [before = '', array = ''] = open.split('\u0001');
  const padding = roomFor(before + array) - Buffer.byteLength(before) - Buffer.byteLength(array);
  return { head: Buffer.from(`${before}${' '.repeat(padding - 1)}\n${array}`), tail: Buffer.from(`\n]${close}\n`) };
}

/** Bytes for a head of this structure: it depends on its names and texts, and not on how many digits its numbers have. */
function roomFor(text: string): number {
  const widest = Buffer.byteLength(text.replace(/(: |\[|, )(-?\d[\d.eE+-]*|null)(?=[,\n\]])/g, (_all, lead: string, number: string) => lead + number.padEnd(WIDEST_NUMBER, '0')));
  let room = BLOCK;
  while (room < widest + 2) room *= 2;
  return room;
}

/** JSON with two spaces, as JSON.stringify has it; integers that a double cannot hold are written digit by digit. */
function pretty(value: unknown, indent: string): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const deeper = `${indent}  `;
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[\n${value.map((inner) => deeper + pretty(inner, deeper)).join(',\n')}\n${indent}]`;
  const members = Object.entries(value).flatMap(([key, inner]) => (inner === undefined ? [] : [`${deeper}${JSON.stringify(key)}: ${pretty(inner, deeper)}`]));
  return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${indent}}`;
}

/** Items as they stand in the file, each on a line of its own, with the separator before it. */
export function joined(items: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const item of items) parts.push(COMMA_LINE, item);
  return Buffer.concat(parts);
}

/** The same as the first lines of a file: before the first one stands no comma. */
export function withoutComma(chunk: Buffer): Buffer {
  return chunk.subarray(COMMA_LINE.length - LINE_LENGTH);
}

/** What lines take up in the file. @param chunkBytes of `joined` @param first true when nothing stands before them */
export function itemBytes(chunkBytes: number, first: boolean): number {
  return first && chunkBytes > 0 ? chunkBytes - COMMA_LINE.length + LINE_LENGTH : chunkBytes;
}

/** What one line takes up besides its text, when it is not the first. */
export const SEPARATOR_BYTES = 2;

const COMMA_LINE = Buffer.from(',\n');
const LINE_LENGTH = 1;
