import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../brainstem/contract.ts';
import type { LedgerRecord } from '../journal/record.ts';
import { cell, csvWriter } from './csv.ts';
import { RECORD_KINDS } from './filter.ts';

function record(kind: LedgerRecord['kind'], entry: JsonObject): LedgerRecord {
  return { seq: 7, at: Date.parse('2026-11-20T20:00:00.123Z'), zone: -360, kind, category: 'looping', bucket: '2026/11/W47/20/14', id: 'rej_1', chain: '', entryText: JSON.stringify(entry) };
}

describe('a row', () => {
  it('has the same columns whatever the entry holds, and keeps the rest as JSON', () => {
    const csv = csvWriter(['rejection']);
    const columns = csv.header().split(',');
    expect(columns.slice(0, 7)).toEqual(['seq', 'time', 'kind', 'component', 'bucket', 'id', 'timestamp']);
    expect(columns.at(-1)).toBe('other');
    const entry = { id: 'rej_1', timestamp: '2026-11-20T14:00:00.000-06:00', pool: 'p', nonce: -5, reason: 'a "quoted", reason', network_response: { status: 'stale', node_version: '1' }, references: { ledger_entry: 'attempt_1' }, odd: [1] };
    const row = csv.row(record('rejection', entry));
    expect(row).toBe(
      '7,2026-11-20T14:00:00.123-06:00,rejection,looping,2026/11/W47/20/14,rej_1,2026-11-20T14:00:00.000-06:00,,,,p,,-5,,"a ""quoted"", reason",stale,,,,attempt_1,,,,,,"{""network_response"":{""node_version"":""1""},""odd"":[1]}"',
    );
    expect(csv.row(record('rejection', {})).split(',')).toHaveLength(columns.length);
  });

  it('takes the columns of all kinds together when several are exported', () => {
    const all = csvWriter(RECORD_KINDS).header().split(',');
    expect(new Set(all).size).toBe(all.length);
    for (const column of csvWriter(['submission']).header().split(',')) expect(all).toContain(column);
    expect(csvWriter([...RECORD_KINDS].reverse()).header().split(',')).toEqual(all);
  });
});

describe('a cell', () => {
  it('is never a formula', () => {
    for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '＝1', '\r=1']) expect(cell(text), text).toMatch(/^"?'/);
    expect(cell(-1)).toBe('-1');
    expect(cell('2026-11-20')).toBe('2026-11-20');
  });

  it('is quoted when it must be', () => {
    expect(cell('a,b')).toBe('"a,b"');
    expect(cell('line\nbreak')).toBe('"line\nbreak"');
    expect(cell('say "x"')).toBe('"say ""x"""');
    expect(cell(' padded')).toBe('" padded"');
    expect([cell(null), cell(undefined), cell(true), cell({ a: 1 })]).toEqual(['', '', 'true', '"{""a"":1}"']);
  });
});
