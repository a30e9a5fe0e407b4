import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonChunks } from './json-chunks.ts';

it('gives the very text of JSON.stringify, whatever the document', () => {
  const long = fc.array(fc.jsonValue(), { minLength: 45, maxLength: 160 });
  const document = fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), long, fc.dictionary(fc.string(), long)));
  fc.assert(
    fc.property(document, (json) => {
      expect([...jsonChunks(json)].join('')).toBe(`${JSON.stringify(json, null, 2)}\n`);
    }),
    { numRuns: 50 },
  );
});

it('cuts a long document into pieces of bounded length', () => {
  const entry = { id: 'x'.repeat(1000), lines: 'a\nb', list: [1, { two: [] }] };
  const chunks = [...jsonChunks({ metadata: {}, aggregated_data: { reports: Array.from({ length: 10_000 }, () => entry) } })];
  expect(chunks.length).toBeGreaterThan(50);
  expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThan(256 * 1024);
});
