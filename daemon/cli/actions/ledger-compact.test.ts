import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JournalFiles } from '../../ledger/query/journal-files.fixture.ts';
import { lockFolder } from '../../main/folder-lock.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';
import { bytesText } from './byte-text.ts';

const OLD = Date.parse('2024-03-10T12:00:00Z');

let dir: string;
let base: string;
let files: JournalFiles;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-compact-cli-'));
  base = path.join(dir, 'Test', 'Demo', 'Mining');
  files = new JournalFiles(base);
  for (let n = 1; n <= 4; n += 1) {
    files.segment(OLD + n);
    files.add('ledger', { id: `a${n}` }, OLD, { bucket: n < 3 ? '2024/03/W10/10/06' : '2026/03/W10/10/06' });
  }
  files.flush();
  mkdirSync(path.join(base, 'Ledgers', '2024'), { recursive: true });
  writeFileSync(path.join(base, 'Ledgers', '2024', 'yearly_ledger.json'), '{}');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function cli(...argv: string[]) {
  const io = new FakeIo(dir);
  return { code: await runCli(['ledger', 'compact', '--demo', ...argv], io), io };
}

const packed = (): string[] => readdirSync(files.folder).filter((name) => name.endsWith('.gz'));

describe('ledger compact', () => {
  it('packs what is old', async () => {
    const { code, io } = await cli();
    expect([code, packed()]).toEqual([0, ['00000001.ndjson.gz', '00000002.ndjson.gz']]);
    expect(io.outLines[1]).toMatch(/^pack {5}2 segments of the journal, /);
    expect(io.outLines.at(-1)).toMatch(/^done: .* of journal packed into /);
  });

  it('says what it would do, beside a running daemon, and does nothing', async () => {
    const held = await lockFolder(dir, base);
    const { code, io } = await cli('--dry-run', '--archive-yearly', '--json');
    await held.release();
    expect([code, packed()]).toEqual([0, []]);
    expect(JSON.parse(io.stdout)).toMatchObject({ plan: { pack: [{ segment: '00000001.ndjson' }, { segment: '00000002.ndjson' }], remove: null, archive: [{ year: '2024', files: 1, folders: ['Ledgers/2024'] }] } });
  });

  it('refuses while a daemon writes there, however the folder is named', async () => {
    const held = await lockFolder(dir, base);
    const byMode = await cli();
    const byFolder = await cli('--folder', base);
    await held.release();
    for (const { code, io } of [byMode, byFolder]) expect([code, io.stderr]).toEqual([69, expect.stringMatching(/E_DATA_DIR: another rigbrain .* Stop the daemon first/)]);
    expect(packed()).toEqual([]);
  });

  it('removes nothing without being told so', async () => {
    const refused = await cli('--retention', '365d');
    expect(refused.code).toBe(78);
    expect(refused.io.stdout).toContain('remove   2 segments of the journal: it then begins with record 3');
    expect(refused.io.stdout).toContain('remove   Ledgers/2024/');
    expect(refused.io.stderr).toContain('nothing was done');
    expect([existsSync(path.join(base, 'Ledgers', '2024')), packed()]).toEqual([true, []]);
    const told = await cli('--retention', '365d', '--delete', '--json');
    expect([told.code, JSON.parse(told.io.stdout)]).toEqual([0, { packed: [], archived: [], removed: { segments: 2, folders: 1 } }]);
    expect([existsSync(path.join(base, 'Ledgers', '2024')), existsSync(path.join(files.folder, '00000001.ndjson'))]).toEqual([false, false]);
  });

  it('refuses a retention that would leave nothing', async () => {
    expect((await cli('--retention', '1h', '--delete')).io.stderr).toContain('E_FLAG_INVALID: --retention');
    expect((await cli('--older-than', 'long')).code).toBe(78);
  });
});

it('sizes are told in powers of ten', () => {
  expect([0, 999, 1000, 3_210_000, 99_960_000, 999_600_000, 4.2e12].map(bytesText)).toEqual(['0 B', '999 B', '1.00 kB', '3.21 MB', '100 MB', '1.00 GB', '4.20 TB']);
});
