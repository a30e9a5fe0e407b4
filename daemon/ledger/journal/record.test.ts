import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sample } from './kit.fixture.ts';
import { CHAIN_START, checkedJson, decodeRecord, encodeLine, encodeRecord, followsFrom, isRecord, type NewRecord } from './record.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('"e":', '\\', '"', '\n', '\r', '\u2028', '\u2029', '\ud800', '\udfff', '\u0000', '}', ' {"', 'é', '😀') }),
);
const anyEntry = fc.oneof(fc.jsonValue(), fc.dictionary(anyText, anyText), anyText);
const anyRecord: fc.Arbitrary<NewRecord> = fc.record({
  at: fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
  zone: fc.integer({ min: -1440, max: 1440 }),
  kind: fc.constantFrom('ledger' as const, 'math_proof' as const, 'start' as const),
  category: anyText,
  bucket: fc.constant('2026/11/W47/20/14'),
  id: anyText,
  entryText: anyEntry.map((entry) => JSON.stringify(entry)),
});
const anySeq = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

test('a record comes back as it was, whatever is in it, in one line', () => {
  fc.assert(
    fc.property(anyRecord, anySeq, (record, seq) => {
      const { line, chain } = encodeRecord(record, seq, CHAIN_START);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      // Through bytes, as a file has it.
      const json = checkedJson(Buffer.from(line).toString('utf8').slice(0, -1))!;
      expect(isRecord(json)).toBe(true);
      expect(decodeRecord(json)).toEqual({ ...record, seq, chain });
      expect(followsFrom(json, CHAIN_START)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('any flipped bit is noticed', () => {
  fc.assert(
    fc.property(anyRecord, anySeq, fc.nat(), fc.integer({ min: 0, max: 7 }), (record, seq, at, bit) => {
      const bytes = Buffer.from(encodeRecord(record, seq, CHAIN_START).line).subarray(0, -1);
      bytes[at % bytes.length]! ^= 1 << bit;
      expect(checkedJson(bytes.toString('utf8'))).toBeNull();
    }),
    { numRuns: 2000 },
  );
});

test('every single bit of one line is noticed', () => {
  const whole = Buffer.from(encodeRecord(sample(1, 'é😀'), 1, CHAIN_START).line).subarray(0, -1);
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const bytes = Buffer.from(whole);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    expect(checkedJson(bytes.toString('utf8'))).toBeNull();
  }
});

test('a record follows from the chain value it was made with and from no other', () => {
  const first = encodeRecord(sample(1), 1, CHAIN_START);
  const second = encodeRecord(sample(2), 2, first.chain);
  const json = checkedJson(second.line.slice(0, -1))!;
  expect(followsFrom(json, first.chain)).toBe(true);
  expect(followsFrom(json, CHAIN_START)).toBe(false);
  // An edited entry with its checksum made anew still shows.
  expect(followsFrom(json.replace('"n":2', '"n":3'), first.chain)).toBe(false);
});

test('what is not a line of the journal is not taken for one', () => {
  for (const line of ['', ' ', '00000000', '00000000 ', 'zzzzzzzz {}', '{"x":"', '\0'.repeat(40)]) expect(checkedJson(line)).toBeNull();
});

test('a line of another kind, and JSON that only begins like a record, are no records', () => {
  const note = checkedJson(encodeLine('{"p":[]}').slice(0, -1))!;
  expect(isRecord(note)).toBe(false);
  expect(decodeRecord(note)).toBeNull();
  for (const json of ['{"x":"', '{"x":"","e":1', '{"x":"a","s":1}', '{"x":"a","s":"1","t":1,"z":0,"k":"ledger","c":"","b":"","i":"","e":{}}']) expect(decodeRecord(json)).toBeNull();
});
