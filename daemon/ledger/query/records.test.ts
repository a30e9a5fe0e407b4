import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeDisk } from '../disk/node-disk.ts';
import { predicateOf, type Filter } from './filter.ts';
import { JournalFiles, NOON } from './journal-files.fixture.ts';
import { lastRecords, wantedRecords } from './records.ts';

let dir: string;
let files: JournalFiles;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-records-'));
  files = new JournalFiles(dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function idsOf(filter: Filter = {}, newestFirst = false): Promise<string[]> {
  const ids: string[] = [];
  for await (const records of wantedRecords(nodeDisk, files.folder, predicateOf(filter), newestFirst)) ids.push(...records.map((record) => record.id));
  return ids;
}

describe('reading the journal', () => {
  it('goes through plain and packed segments, either way', async () => {
    files.segment();
    files.add('ledger', { id: 'a' });
    files.add('ledger', { id: 'b' });
    files.pack();
    files.add('ledger', { id: 'c' });
    files.segment();
    files.add('ledger', { id: 'd' });
    files.flush();
    expect(await idsOf()).toEqual(['a', 'b', 'c', 'd']);
    expect(await idsOf({}, true)).toEqual(['d', 'c', 'b', 'a']);
    expect((await lastRecords(nodeDisk, files.folder, () => true, 3)).map((record) => record.id)).toEqual(['b', 'c', 'd']);
  });

  it('passes over notes, a torn tail, damaged lines and an empty folder', async () => {
    expect(await idsOf()).toEqual([]);
    files.segment();
    files.add('ledger', { id: 'a' });
    files.note({ p: [] }).note({ w: {} }).raw('00000000 {"x":"damaged"}\n');
    files.add('ledger', { id: 'b' });
    files.raw('1234abcd {"x":"tor').flush('');
    expect(await idsOf()).toEqual(['a', 'b']);
  });

  it('leaves out what a later segment says was never durable', async () => {
    files.segment();
    files.add('ledger', { id: 'a' });
    const chain = files.chain;
    files.add('ledger', { id: 'not durable' });
    files.flush('');
    files.chain = chain;
    files.segment(NOON, 1);
    files.add('ledger', { id: 'b' });
    files.flush();
    expect(await idsOf()).toEqual(['a', 'b']);
    expect(await idsOf({}, true)).toEqual(['b', 'a']);
  });

  it('reads a segment that lost its header', async () => {
    files.segment();
    files.add('ledger', { id: 'a' });
    files.segment();
    files.add('ledger', { id: 'b' });
    files.flush();
    const text = readFileSync(files.file, 'utf8');
    writeFileSync(files.file, `00000000${text.slice(8)}`);
    appendFileSync(files.file, 'rest');
    expect(await idsOf()).toEqual(['a', 'b']);
  });
});

describe('a filter', () => {
  beforeEach(() => {
    files.segment();
    files.add('ledger', { id: 'attempt_1', status: 'mining', verdict: 'accepted', pool: 'pool1', miner_id: 'cpu', is_block: false }, NOON - 7_200_000, { category: 'dtm' });
    files.add('submission', { id: 'sub_1', status: 'rejected', pool: 'pool2', miner_id: 'asic', is_block: true, network_response: { status: 'stale' } });
    files.add('system_report', { id: 'report_1', event: 'x', component: 'Production-Miner', note: 'pool1 "is_block":true' }, NOON + 60_000, { category: 'miners' });
    files.flush();
  });

  it.each<[string, Filter, string[]]>([
    ['kinds', { kinds: ['submission', 'system_report'] }, ['sub_1', 'report_1']],
    ['component by who it belongs to', { component: 'DTM' }, ['attempt_1']],
    ['component by who signed', { component: 'production_miner' }, ['report_1']],
    ['since', { since: { at: NOON } }, ['sub_1', 'report_1']],
    ['until', { until: { at: NOON } }, ['attempt_1', 'sub_1']],
    ['a verdict', { status: 'accepted' }, ['attempt_1']],
    ['the answer of the network', { status: 'stale' }, ['sub_1']],
    ['pool', { pool: 'pool1' }, ['attempt_1']],
    ['miner', { miner: 'asic' }, ['sub_1']],
    ['id', { id: 'report_1' }, ['report_1']],
    ['blocks', { blocks: true }, ['sub_1']],
    ['all of them together', { kinds: ['submission'], pool: 'pool1' }, []],
    ['nothing', {}, ['attempt_1', 'sub_1', 'report_1']],
  ])('asks for %s', async (_name, filter, ids) => {
    expect(await idsOf(filter)).toEqual(ids);
  });
});
