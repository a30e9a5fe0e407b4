import { expect, it } from 'vitest';
import { jsonLines } from './json-lines.ts';

const read = (text: string): unknown[] => [...jsonLines(Buffer.from(text, 'latin1'))].map(({ start, end, value }) => [start, end, value instanceof Error ? value.message : value]);

it('gives each line with its place', () => {
  expect(read('{"a":1}\n\n{"b":2}\n')).toEqual([[0, 8, { a: 1 }], [9, 17, { b: 2 }]]);
  expect(read('')).toEqual([]);
});

it('passes over the gaps a cut leaves, also between a torn line and a good one', () => {
  expect(read('\0\0\n{"a":1}\n\0\0{"b":\0\0{"c":3}\n\0')).toEqual([[3, 11, { a: 1 }], [13, 18, 'the line is not whole'], [20, 28, { c: 3 }]]);
});

it('takes noise as one stretch up to the next good line', () => {
  expect(read('xx\n{"a"\n\x01\xff\n{"b":2}\n{"c"')).toEqual([[0, 11, 'it is not JSON'], [11, 19, { b: 2 }], [19, 23, 'the line is not whole']]);
});
