import { expect, test } from 'vitest';
import { BLOCK } from '../disk/disk.ts';
import { Cursor } from './cursor.ts';
import { sample } from './kit.fixture.ts';
import type { Line } from './lines.ts';
import { CHAIN_START, checkedJson, encodeLine, encodeRecord } from './record.ts';

/** Lines of records 1 to `last`, properly chained. */
function chained(last: number): Line[] {
  let chain = CHAIN_START;
  return Array.from({ length: last }, (_, i) => {
    const encoded = encodeRecord(sample(i + 1), i + 1, chain);
    chain = encoded.chain;
    return { offset: i * 1000, end: i * 1000 + 500, json: checkedJson(encoded.line.slice(0, -1)) };
  });
}

function cursor(): { cursor: Cursor; told: string[]; give: (lines: readonly Line[]) => [number, boolean | null][] } {
  const told: string[] = [];
  const made = new Cursor({ onDamage: ({ segment, reason }) => told.push(`${segment}: ${reason}`), onLine: (line) => told.push(JSON.stringify(line)) }, (from, to) => from === 3 && to === 3);
  made.begin({ name: 'one', after: 0, chain: CHAIN_START, limit: Number.POSITIVE_INFINITY });
  return { cursor: made, told, give: (lines) => lines.flatMap((line) => made.line(line) ?? []).map(({ record, chainOk }) => [record.seq, chainOk]) };
}

test('each number counts once, however often it is read', () => {
  const { give, told } = cursor();
  const lines = chained(4);
  expect(give([...lines, ...lines.slice(1), lines[0]!])).toEqual([[1, true], [2, true], [3, true], [4, true]]);
  expect(told).toEqual([]);
});

test('a hole is named, and whether it is known; the chain goes on behind it', () => {
  const lines = chained(6);
  const first = cursor();
  expect(first.give([lines[0]!, lines[1]!, lines[3]!, lines[4]!])).toEqual([[1, true], [2, true], [4, null], [5, true]]);
  expect(first.told).toEqual(['one: record 3 is missing (known)']);
  const second = cursor();
  expect(second.give([lines[0]!, lines[4]!])).toEqual([[1, true], [5, null]]);
  expect(second.told).toEqual(['one: records 2 to 4 are missing']);
});

test('damage is named once what follows shows that it had been synced, a run of it once', () => {
  const { give, told, cursor: made } = cursor();
  const bad = (offset: number): Line => ({ offset, end: offset + 1, json: null });
  const note = (offset: number): Line => ({ offset, end: offset + 10, json: checkedJson(encodeLine('{"w":1}').slice(0, -1)) });
  give([bad(5), bad(7), note(900), bad(950), note(1000)]);
  // So far a power cut may have done it: nothing of a group that was not synced is sure.
  expect(told).toEqual(['{"w":1}', '{"w":1}']);
  give([note(BLOCK), bad(BLOCK + 20), note(BLOCK + 40)]);
  expect(told).toEqual(['{"w":1}', '{"w":1}', 'one: the checksum is wrong', 'one: the checksum is wrong', '{"w":1}', '{"w":1}']);
  made.begin({ name: 'two', after: null, chain: null, limit: Number.POSITIVE_INFINITY });
  give([note(0)]);
  expect(told).toHaveLength(7);
});

test('a first segment that is void does not say where the journal begins', () => {
  const told: string[] = [];
  const made = new Cursor({ onDamage: ({ reason }) => told.push(reason) }, () => false);
  const lines = chained(3);
  made.begin({ name: 'one', after: 0, chain: CHAIN_START, limit: 0 });
  // The first of its records is lost.
  expect(lines.slice(1).map((line) => made.line(line))).toEqual([null, null]);
  made.begin({ name: 'two', after: 0, chain: CHAIN_START, limit: Number.POSITIVE_INFINITY });
  expect(lines.map((line) => made.line(line)?.record.seq)).toEqual([1, 2, 3]);
  expect(told).toEqual([]);
});

test('records above the limit are void', () => {
  const { cursor: made, give, told } = cursor();
  const lines = chained(4);
  made.begin({ name: 'one', after: 0, chain: CHAIN_START, limit: 2 });
  expect(give(lines)).toEqual([[1, true], [2, true]]);
  made.begin({ name: 'two', after: 2, chain: JSON.parse(lines[1]!.json!).x as string, limit: Number.POSITIVE_INFINITY });
  expect(give(lines.slice(2))).toEqual([[3, true], [4, true]]);
  expect(told).toEqual([]);
});

test('a segment that is void as a whole leaves no numbers out', () => {
  const { cursor: made, give, told } = cursor();
  const lines = chained(4);
  give(lines.slice(0, 2));
  made.begin({ name: 'void', after: 3, chain: 'a'.repeat(64), limit: 2 });
  expect(give(lines.slice(3))).toEqual([]);
  made.begin({ name: 'two', after: 2, chain: null, limit: Number.POSITIVE_INFINITY });
  expect(give(lines.slice(2))).toEqual([[3, true], [4, true]]);
  expect(told).toEqual([]);
});

test('JSON with a good checksum that is no record after all is damage', () => {
  const { give, told } = cursor();
  const odd: Line = { offset: 3, end: 9, json: '{"x":"no"}' };
  expect(give([odd, ...chained(1)])).toEqual([[1, true]]);
  expect(told).toEqual(['one: the checksum is wrong']);
});
