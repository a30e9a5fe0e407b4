import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Disk } from '../disk/disk.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import { JournalFiles, NOON } from '../query/journal-files.fixture.ts';
import { wantedRecords } from '../query/records.ts';
import { planCompact, runCompact, type CompactOptions } from './compact.ts';
import { readHistory } from './history.ts';

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

let base: string;
let files: JournalFiles;
beforeEach(() => {
  base = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-compact-'));
  files = new JournalFiles(base);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** Two segments a year from 2024 on, the last begun now, with a file of the tree for each year. */
function history(): void {
  for (const year of [2024, 2025, 2026]) {
    for (const month of ['03', '09']) {
      const at = Date.parse(`${year}-${month}-10T12:00:00Z`);
      files.segment(at);
      files.add('ledger', { id: `${year}_${month}` }, at, { bucket: `${year}/${month}/W11/10/06` });
      write(`Ledgers/${year}/${month}/monthly_ledger.json`, `{"month":"${year}/${month}"}`);
      write(`System/Error_Reports/Miners/Hourly/${year}/${month}/10/06/hourly_error.json`, '{}');
    }
    write(`Ledgers/${year}/yearly_ledger.json`, `{"year":${year}}`);
  }
  write('Ledgers/global_ledger.json', '{}');
  files.segment(NOON);
  files.flush();
}

function write(name: string, text: string): void {
  const file = path.join(base, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const options = (more: Partial<CompactOptions> = {}): CompactOptions => ({ disk: nodeDisk, base, now: NOON, olderThanMs: 30 * DAY_MS, retentionMs: null, archiveYearly: false, ...more });
const segments = (): string[] => readdirSync(files.folder).filter((name) => name.startsWith('0'));
const there = (name: string): boolean => existsSync(path.join(base, name));

async function compact(given: CompactOptions) {
  return await runCompact(given, await planCompact(given), () => {});
}

async function ids(): Promise<string[]> {
  const found: string[] = [];
  for await (const records of wantedRecords(nodeDisk, files.folder, () => true)) found.push(...records.map((record) => record.id));
  return found;
}

describe('packing', () => {
  it('leaves the newest segments and what is young, and reading is as before', async () => {
    history();
    const before = await ids();
    const { packed } = await compact(options());
    expect(packed.map(({ segment }) => segment)).toEqual(['00000001.ndjson', '00000002.ndjson', '00000003.ndjson', '00000004.ndjson', '00000005.ndjson']);
    expect(segments()).toEqual(['00000001.ndjson.gz', '00000002.ndjson.gz', '00000003.ndjson.gz', '00000004.ndjson.gz', '00000005.ndjson.gz', '00000006.ndjson', '00000007.ndjson']);
    expect(await ids()).toEqual(before);
    expect((await planCompact(options())).pack).toEqual([]);
    expect((await compact(options({ olderThanMs: 3 * YEAR_MS }))).packed).toEqual([]);
  });

  it('can be cut short anywhere and begun again', async () => {
    history();
    const before = await ids();
    for (let allowed = 0; ; allowed += 1) {
      const done = await compact(options({ disk: failingAfter(allowed) })).then(() => true, () => false);
      expect(await ids()).toEqual(before);
      if (done) break;
    }
    expect(segments().filter((name) => name.endsWith('.gz'))).toHaveLength(5);
    expect(readdirSync(files.folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('keeps the plain segment when the packed one reads back wrong', async () => {
    history();
    const before = await ids();
    const lying: Disk = { ...nodeDisk, open: async (file, mode) => (mode === 'read' && file.endsWith('.tmp') ? await nodeDisk.open(path.join(files.folder, '00000007.ndjson'), 'read') : await nodeDisk.open(file, mode)) };
    await expect(compact(options({ disk: lying }))).rejects.toThrow();
    expect(segments().some((name) => name.endsWith('.gz'))).toBe(false);
    expect(await ids()).toEqual(before);
  });
});

describe('retention', () => {
  it('removes whole segments and the folders of time that nothing is left of, and writes down where the journal begins', async () => {
    history();
    const cut = options({ retentionMs: YEAR_MS });
    const plan = await planCompact(cut);
    // 2025-09 is over a year old, but its segment was sealed within the year.
    expect(plan.retention?.segments.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(plan.retention?.folders.map(({ path: folder }) => folder)).toEqual(['Ledgers/2024', 'Ledgers/2025/03', 'System/Error_Reports/Miners/Hourly/2024', 'System/Error_Reports/Miners/Hourly/2025/03']);
    await runCompact(cut, plan, () => {});
    expect(await ids()).toEqual(['2025_09', '2026_03', '2026_09']);
    expect([there('Ledgers/2024'), there('Ledgers/2025/03'), there('Ledgers/2025/yearly_ledger.json'), there('Ledgers/global_ledger.json')]).toEqual([false, false, true, true]);
    const { begins, removed_periods } = await readHistory(nodeDisk, base);
    expect([begins?.seq, begins?.decided_at_ms, removed_periods]).toEqual([4, NOON, ['2024', '2025/03']]);
    expect(begins?.chain).toMatch(/^[0-9a-f]{64}$/);
    expect((await planCompact(cut)).retention).toMatchObject({ segments: [], folders: [] });
  });

  it('never takes a folder that a kept record or an open file belongs to', async () => {
    history();
    files.add('ledger', { id: 'late' }, NOON, { bucket: '2024/03/W11/10/06' });
    files.note({ p: [{ p: 'Ledgers/2025/03/monthly_ledger.json' }] }).flush();
    const { retention } = await planCompact(options({ retentionMs: YEAR_MS }));
    expect(retention?.folders.map(({ path: folder }) => folder)).toEqual(['Ledgers/2024/09', 'System/Error_Reports/Miners/Hourly/2024/09', 'System/Error_Reports/Miners/Hourly/2025/03']);
    expect((await planCompact(options({ archiveYearly: true }))).archive.map(({ year }) => year)).toEqual(['2024']);
  });

  it('does not follow links out of the tree', async () => {
    history();
    const outside = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-outside-'));
    writeFileSync(path.join(outside, 'mine.txt'), 'mine');
    symlinkSync(outside, path.join(base, 'Ledgers', '2024', 'link'));
    symlinkSync(outside, path.join(base, '2023'));
    await compact(options({ retentionMs: YEAR_MS }));
    expect(readFileSync(path.join(outside, 'mine.txt'), 'utf8')).toBe('mine');
    rmSync(outside, { recursive: true });
  });
});

describe('the yearly archive', () => {
  it('holds every file of the years that are over, as tar reads it, and takes them out of the tree', async () => {
    history();
    const { archived } = await compact(options({ archiveYearly: true }));
    expect(archived.map(({ file, files: count }) => [file, count])).toEqual([['Archive/2024.tar.gz', 5], ['Archive/2025.tar.gz', 5]]);
    const archive = path.join(base, 'Archive', '2024.tar.gz');
    expect(execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).trim().split('\n')).toEqual([
      'Ledgers/2024/03/monthly_ledger.json', 'Ledgers/2024/09/monthly_ledger.json', 'Ledgers/2024/yearly_ledger.json',
      'System/Error_Reports/Miners/Hourly/2024/03/10/06/hourly_error.json', 'System/Error_Reports/Miners/Hourly/2024/09/10/06/hourly_error.json',
    ]);
    expect(execFileSync('tar', ['-xzOf', archive, 'Ledgers/2024/09/monthly_ledger.json'], { encoding: 'utf8' })).toBe('{"month":"2024/09"}');
    expect([there('Ledgers/2024'), there('Ledgers/2025'), there('Ledgers/2026'), there('Ledgers/global_ledger.json')]).toEqual([false, false, true, true]);
    expect((await readHistory(nodeDisk, base)).archived).toEqual(archived);
    expect(createHash('sha256').update(readFileSync(archive)).digest('hex')).toBe(archived[0]!.sha256);
    expect((await planCompact(options({ archiveYearly: true }))).archive).toEqual([]);
  });

  it('never replaces an archive: what came to a year later gets one of its own', async () => {
    history();
    await compact(options({ archiveYearly: true }));
    write('Ledgers/2024/yearly_ledger.json', 'late');
    expect((await compact(options({ archiveYearly: true }))).archived.map(({ file }) => file)).toEqual(['Archive/2024.2.tar.gz']);
    expect((await readHistory(nodeDisk, base)).archived).toHaveLength(3);
  });

  it('leaves a year alone that is hardly over', async () => {
    history();
    const newYear = Date.parse('2026-01-15T12:00:00Z');
    expect((await planCompact(options({ now: newYear, archiveYearly: true }))).archive.map(({ year }) => year)).toEqual(['2024']);
  });

  it('keeps the files when the archive cannot be finished', async () => {
    history();
    const failing: Disk = { ...nodeDisk, syncFolder: (folder) => (folder.endsWith('Archive') ? Promise.reject(new Error('EIO')) : nodeDisk.syncFolder(folder)) };
    await expect(compact(options({ disk: failing, archiveYearly: true }))).rejects.toThrow('EIO');
    expect([there('Ledgers/2024/yearly_ledger.json'), there('Ledgers/2025/yearly_ledger.json')]).toEqual([true, true]);
  });
});

/** A disk that takes so many changes and then no more. */
function failingAfter(changes: number): Disk {
  let left = changes;
  const count = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => async (...args: A): Promise<R> => {
    if (left <= 0) throw new Error('no more');
    left -= 1;
    return await call(...args);
  };
  const { rename, unlink, syncFolder, link, mkdir } = nodeDisk;
  return {
    ...nodeDisk,
    rename: count(rename),
    unlink: count(unlink),
    syncFolder: count(syncFolder),
    link: count(link),
    mkdir: count(mkdir),
    open: async (file, mode) => {
      const handle = mode === 'create' ? await count(nodeDisk.open)(file, mode) : await nodeDisk.open(file, mode);
      return mode === 'read' ? handle : { write: count(handle.write.bind(handle)), datasync: count(handle.datasync.bind(handle)), read: handle.read.bind(handle), truncate: handle.truncate.bind(handle), stat: handle.stat.bind(handle), close: handle.close.bind(handle) };
    },
  };
}
