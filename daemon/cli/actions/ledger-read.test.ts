import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JournalFiles, NOON } from '../../ledger/query/journal-files.fixture.ts';
import { lockFolder } from '../../main/folder-lock.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';
import { ledgerTail } from './ledger-tail.ts';

let dir: string;
let files: JournalFiles;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-ledger-'));
  files = new JournalFiles(path.join(dir, 'Test', 'Demo', 'Mining'));
  files.segment();
  for (let n = 1; n <= 30; n += 1) files.add('submission', { id: `sub_${n}`, status: n % 10 === 0 ? 'rejected' : 'accepted', pool: 'pool1', miner_id: 'cpu', difficulty: n }, NOON + n * 1000);
  files.flush();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function cli(...argv: string[]) {
  const io = new FakeIo(dir);
  return { code: await runCli(['ledger', ...argv], io), io };
}

const ids = (text: string) => (JSON.parse(text) as { id: string }[]).map((record) => record.id);

describe('ledger show', () => {
  it('prints the last 20, oldest first, a line each', async () => {
    const { code, io } = await cli('show', '--demo');
    expect(code).toBe(0);
    expect(io.outLines).toHaveLength(20);
    expect(io.outLines[0]).toBe('2026-11-20 14:00:11 -06:00  submission     sub_11  accepted difficulty=11 pool=pool1 miner=cpu');
    expect(io.outLines.at(-1)).toContain('sub_30  rejected');
  });

  it('prints an array with --json, with the entry as it was written', async () => {
    const { io } = await cli('show', '--demo', '--json', '--limit', '2', '--reverse');
    expect(JSON.parse(io.stdout)).toEqual([
      expect.objectContaining({ seq: 30, time: '2026-11-20T14:00:30.000-06:00', kind: 'submission', component: 'looping', entry: { id: 'sub_30', status: 'rejected', pool: 'pool1', miner_id: 'cpu', difficulty: 30 } }),
      expect.objectContaining({ seq: 29 }),
    ]);
    expect(JSON.parse((await cli('show', '--demo', '--json', '--id', 'none')).io.stdout)).toEqual([]);
  });

  it('filters, and shows everything when asked to', async () => {
    expect(ids((await cli('show', '--demo', '--json', '--status', 'rejected', '--until', '2026-11-20T14:00:20')).io.stdout)).toEqual(['sub_10', 'sub_20']);
    expect(ids((await cli('show', '--demo', '--json', '--all')).io.stdout)).toHaveLength(30);
    expect(ids((await cli('show', '--demo', '--json', '--all', '--reverse')).io.stdout)[0]).toBe('sub_30');
    const { io, code } = await cli('show', '--demo', '--kind', 'rejection', '--kind', 'look-at');
    expect([code, io.stdout, io.stderr]).toEqual([0, '', 'rigbrain: no entry matches']);
  });

  it('reads any base folder', async () => {
    expect((await cli('show', '--folder', files.base, '--limit', '1')).io.stdout).toContain('sub_30');
  });

  it('has a running daemon put on disk what it has accepted', async () => {
    const held = await lockFolder(dir, files.base);
    held.onFlush(async () => {
      files.add('submission', { id: 'sub_31' });
      files.flush();
    });
    const { io } = await cli('show', '--demo', '--limit', '1');
    await held.release();
    expect(io.stdout).toContain(process.platform === 'linux' ? 'sub_31' : 'sub_30');
  });

  it('says what is wrong with the question', async () => {
    const kind = await cli('show', '--demo', '--kind', 'submision');
    expect([kind.code, kind.io.stderr]).toEqual([78, expect.stringContaining('there is no kind "submision" (did you mean submission?)')]);
    expect((await cli('show', '--demo', '--since', 'noon')).code).toBe(78);
    const none = await cli('show', '--test');
    expect([none.code, none.io.stderr]).toEqual([69, expect.stringContaining('E_DATA_DIR: there is no ledger in')]);
  });

  it('never gives a terminal codes to obey', async () => {
    files.add('rejection', { id: 'rej_1', reason: '\u001b]0;owned\u0007\u009b31m\u202e' });
    files.flush();
    const { io } = await cli('show', '--demo', '--limit', '1');
    expect(io.stdout).toContain('?]0;owned??31m?');
    expect(io.stdout).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe('ledger export', () => {
  it('writes CSV with a header to stdout', async () => {
    const { code, io } = await cli('export', '--demo', '--format', 'csv', '--kind', 'submission', '--status', 'rejected');
    expect(code).toBe(0);
    const lines = io.stdout.split('\r\n');
    expect(lines[0]).toMatch(/^seq,time,kind,component,bucket,id,timestamp,block_height,.*,other\r?$/);
    expect(lines).toHaveLength(4);
  });

  it('writes one object a line to a file, which appears when it is whole', async () => {
    const { code, io } = await cli('export', '--demo', '--format', 'ndjson', '--out', 'all.ndjson');
    expect([code, io.stderr]).toEqual([0, 'rigbrain: 30 entries in all.ndjson']);
    const text = readFileSync(path.join(dir, 'all.ndjson'), 'utf8');
    expect(text.endsWith('}\n')).toBe(true);
    expect(text.trimEnd().split('\n').map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    expect(existsSync(path.join(dir, 'all.ndjson.part'))).toBe(false);
  });

  it('refuses other formats and files it cannot write', async () => {
    expect((await cli('export', '--demo', '--format', 'xml')).io.stderr).toContain('Use csv or ndjson.');
    const { code, io } = await cli('export', '--demo', '--format', 'csv', '--out', 'no/such/folder.csv');
    expect([code, io.stderr]).toEqual([69, expect.stringContaining('cannot write')]);
    const full = await cli('export', '--demo', '--format', 'csv', '--out', '/dev/full');
    expect([full.code, full.io.stderr]).toEqual([69, expect.stringContaining('ENOSPC')]);
  });
});

describe('ledger tail', () => {
  it('prints the newest', async () => {
    const { io } = await cli('tail', '--demo', '-n', '2', '--json');
    expect(io.outLines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(['sub_29', 'sub_30']);
  });

  it('follows, across segments, until it is stopped', async () => {
    const io = new FakeIo(dir);
    const stop = new AbortController();
    const ended = ledgerTail(io, { json: false, data: null, config: null }, { demo: true, lines: 1, follow: true, status: 'rejected' }, stop.signal, 1);
    await vi.waitFor(() => expect(io.outLines).toHaveLength(1));
    files.add('submission', { id: 'sub_31', status: 'accepted' });
    files.segment();
    files.add('submission', { id: 'sub_32', status: 'rejected' });
    files.flush();
    await vi.waitFor(() => expect(io.outLines).toHaveLength(2));
    stop.abort();
    expect(await ended).toBe(0);
    expect(io.outLines.map((line) => /sub_\d+/.exec(line)?.[0])).toEqual(['sub_30', 'sub_32']);
  });
});
