import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { JsonObject } from '../brainstem/contract.ts';
import { diskError, FaultyFs } from './faulty-fs.fixture.ts';
import { addsUp, bench, temporaryFolder, type Bench } from './kit.fixture.ts';
import { PENDING_FILE } from './pending-file.ts';

/** `n` of the entries in every file of the miners' report tree that has entries, and the count in every other. */
function contents({ files, read }: Bench): unknown[] {
  return files()
    .filter((file) => file.startsWith('System/'))
    .map((file) => {
      const { aggregated_data, reports, summary } = read(file);
      return (reports ?? aggregated_data?.reports)?.map((entry: JsonObject) => entry.n) ?? summary.total_entries;
    });
}

it('a kill before any file of a batch is finished by the next run, with every entry in every file once', async () => {
  for (let killedAt = 1; killedAt <= 14; killedAt += 1) {
    const dataDir = temporaryFolder();
    const fs = new FaultyFs();
    fs.realSync = false;
    const first = bench({ dataDir, fs });
    first.ledger.saveSystemReport('miners', { n: 1 });
    await first.ledger.flush();
    let renames = 0;
    let dead = false;
    fs.onCall = (call) => {
      if (call === 'rename') renames += 1;
      // The first rename of the batch is the pending file's.
      dead ||= renames > killedAt;
      if (dead) throw new Error('the process is gone');
    };
    first.ledger.saveSystemReport('miners', { n: 2 });
    await first.ledger.flush();
    expect(existsSync(path.join(first.base, PENDING_FILE))).toBe(true);

    const second = bench({ dataDir });
    second.ledger.saveSystemReport('miners', { n: 3 });
    await second.ledger.close();
    expect(contents(second), `killed at ${killedAt}`).toEqual([...Array(6).fill([1, 2, 3]), ...Array(6).fill(3), ...Array(2).fill([1, 2, 3])]);
    expect(second.ledger.stats()).toMatchObject({ accepted: 2, written: 2 });
    expect(existsSync(path.join(second.base, PENDING_FILE))).toBe(false);
  }
});

it('a stop that did not wait for a slow tree is made good by the next run', async () => {
  const dataDir = temporaryFolder();
  const fs = new FaultyFs();
  const first = bench({ dataDir, fs, closeTimeoutMs: 1000 });
  await first.ledger.flush();
  let hanging = 0;
  fs.onCall = (call, file) => {
    if (call !== 'rename' || file.endsWith(PENDING_FILE)) return;
    hanging += 1;
    return new Promise(() => {});
  };
  first.ledger.saveSystemReport('miners', { n: 1 });
  first.clock.advance(250);
  // The hourly and the global file, which are written first.
  await until(() => hanging === 2);
  // This one finds a batch under way.
  first.ledger.saveSystemReport('miners', { n: 2 });
  const closed = first.ledger.close();
  await until(() => readFileSync(path.join(first.base, PENDING_FILE), 'utf8').includes('"n":2'));
  first.clock.advance(1000);
  await closed;

  const second = bench({ dataDir });
  await second.ledger.close();
  expect(contents(second)).toEqual([...Array(6).fill([1, 2]), ...Array(6).fill(2), ...Array(2).fill([1, 2])]);
});

it('entries that wait for the next batch are on disk after one interval', async () => {
  const slow = new FaultyFs();
  slow.onCall = (call) => {
    // The batch takes many seconds, so the next one is far away.
    if (call === 'rename') room.clock.advance(1000);
  };
  const room = bench({ fs: slow, minIntervalMs: 250 });
  room.ledger.saveSystemReport('miners', { n: 1 });
  await room.ledger.flush();
  slow.onCall = () => {};
  room.ledger.saveSystemReport('miners', { n: 2 });
  room.clock.advance(250);
  await until(() => existsSync(path.join(room.base, PENDING_FILE)));
  expect(room.ledger.stats().queued).toBe(1);
  await room.ledger.close();
  expect(existsSync(path.join(room.base, PENDING_FILE))).toBe(false);
});

it('an entry in Backup_Logs is put into the tree by the next run, and its backup goes', async () => {
  const dataDir = temporaryFolder();
  const fs = new FaultyFs();
  const first = bench({ dataDir, fs });
  fs.onCall = (call, file) => {
    if (call === 'rename' && file.endsWith('aggregated_12.json') && !file.includes('Backup_Logs')) throw diskError('EACCES');
  };
  first.ledger.saveSystemReport('miners', { n: 1 });
  await first.ledger.close();
  expect(first.ledger.stats()).toMatchObject({ backup: 1 });

  const second = bench({ dataDir });
  second.ledger.saveSystemReport('miners', { n: 2 });
  await second.ledger.close();
  expect(second.ledger.stats()).toMatchObject({ accepted: 2, written: 2, backup: 0 });
  expect(addsUp(second.ledger.stats())).toBe(true);
  expect(second.files().filter((file) => file.startsWith('Backup_Logs'))).toEqual([]);
  expect(new Set(contents(second).map((item) => JSON.stringify(item)))).toEqual(new Set(['[1,2]', '[2,1]', '2']));
});

it('what a killed run was writing beside a whole file is gone after the next run, and what is no entry is passed over', async () => {
  const { ledger, base, read, files } = bench();
  const entry = { id: 'report_1', timestamp: '2025-12-18T01:47:41.076-06:00', n: 1 };
  const stray = path.join(base, 'System/System_Reports/Miners/Global/.global_miners_report.json.tmp');
  mkdirSync(path.dirname(stray), { recursive: true });
  writeFileSync(stray, '{"reports": [');
  writeFileSync(path.join(base, PENDING_FILE), JSON.stringify([{ id: 'report_1', category: 'miners', at: Date.parse(entry.timestamp), entry, backup: null }, { id: 'nobody_1' }, 7]));
  await ledger.close();
  expect(files().filter((file) => file.endsWith('.tmp'))).toEqual([]);
  expect(read('System/System_Reports/Miners/Global/global_miners_report.json').reports).toEqual([entry]);
});

it('a pending file that is no JSON stops nothing', async () => {
  const { ledger, base } = bench();
  mkdirSync(base, { recursive: true });
  writeFileSync(path.join(base, PENDING_FILE), '[{"id": "report_1", ');
  ledger.saveSystemReport('miners', { n: 1 });
  await ledger.close();
  expect(ledger.stats()).toMatchObject({ accepted: 1, written: 1 });
  expect(existsSync(path.join(base, PENDING_FILE))).toBe(false);
});

/** Waits for the disk, bounded. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 5000 && !condition(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(condition()).toBe(true);
}
