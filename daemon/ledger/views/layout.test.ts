import { describe, expect, it } from 'vitest';
import { BLOCK } from '../disk/disk.ts';
import { frame, itemBytes, joined, withoutComma } from './layout.ts';

const PATH = ['data', 'reports'];

function text(document: Record<string, unknown>, items: readonly string[] = []): string {
  const { head, tail } = frame(structuredClone(document), PATH);
  const lines = joined(items.map((item) => Buffer.from(item)));
  return Buffer.concat([head, items.length === 0 ? lines : withoutComma(lines), tail]).toString();
}

describe('a document', () => {
  it.each([[0], [1], [3]])('is valid JSON with %i items, its array last', (count) => {
    const items = Array.from({ length: count }, (_, i) => `{"n":${i}}`);
    const parsed = JSON.parse(text({ data: { reports: [9], other: { a: [1, 2] } }, meta: { x: null } }, items)) as Record<string, any>;
    expect(Object.keys(parsed)).toEqual(['meta', 'data']);
    expect(parsed).toEqual({ meta: { x: null }, data: { other: { a: [1, 2] }, reports: Array.from({ length: count }, (_, n) => ({ n })) } });
  });

  it('is written as JSON.stringify would, but for the array', () => {
    const document = { a: 'é\u2028"\\\u0001', b: [], c: {}, d: [{ e: [1, [2]] }, null], f: true, g: 1e-7, 'odd "key"': '' };
    const written = text(document).trimEnd();
    expect(written.startsWith(JSON.stringify(document, null, 2).slice(0, -2))).toBe(true);
  });

  it('holds integers beyond a double digit by digit, and texts that look like anything', () => {
    const big = 123_456_789_012_345_678_901_234_567_890n;
    const parsed = text({ total: big, by_reason: { '\u0000int:5': 1, 'x "\u0000int:6': 2, ': 7,': 3 } });
    expect(parsed).toContain(`"total": ${big},`);
    expect((JSON.parse(parsed) as { by_reason: unknown }).by_reason).toEqual({ '\u0000int:5': 1, 'x "\u0000int:6': 2, ': 7,': 3 });
  });

  it('may lack the parents of its array', () => {
    expect(JSON.parse(text({}))).toEqual({ data: { reports: [] } });
    expect(JSON.parse(text({ data: 'not an object' }))).toEqual({ data: { reports: [] } });
  });
});

describe('a head', () => {
  const headBytes = (document: Record<string, unknown>): number => frame(document, PATH).head.length;

  it('takes whole blocks, and is as long for any digits of its numbers', () => {
    for (let others = 0; others < 60; others += 1) {
      const rest = Object.fromEntries(Array.from({ length: others }, (_, i) => [`k${i}`, 'x'.repeat(i)]));
      const sizes = [0, 7, -1, 0.1, 1e-300, Number.MAX_SAFE_INTEGER, null, -1.2345678901234567e-100].map((value) => headBytes({ ...rest, n: value, deep: { m: [{ n: value }] } }));
      expect(new Set(sizes).size).toBe(1);
      expect(sizes[0]! % BLOCK).toBe(0);
    }
  });

  it('grows for a number with more digits than any of a double', () => {
    const rest = { fill: 'x'.repeat(BLOCK - 90) };
    const parsed = JSON.parse(text({ ...rest, n: 10n ** 200n }).toString()) as { n: number };
    expect(parsed.n).toBe(1e200);
    expect(headBytes({ ...rest, n: 10n ** 200n })).toBe(2 * BLOCK);
  });
});

it('says how much room items take', () => {
  const items = ['{"a":1}', '{"é":"\u2028"}', '{}'].map((item) => Buffer.from(item));
  expect(itemBytes(joined(items).length, false)).toBe(joined(items).length);
  expect(itemBytes(joined(items).length, true)).toBe(withoutComma(joined(items)).length);
  expect([true, false].map((first) => itemBytes(0, first))).toEqual([0, 0]);
  expect(joined(items.slice(0, 2)).length + joined(items.slice(2)).length).toBe(joined(items).length);
});
