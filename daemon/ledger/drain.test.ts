import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLog, type Log } from '../../protocol/common/log.ts';
import type { JsonObject } from '../brainstem/contract.ts';
import type { Ledger } from './contract.ts';
import { diskError, FaultyFs } from './faulty-fs.fixture.ts';
import { addsUp, bench, temporaryFolder, type Bench } from './kit.fixture.ts';

const GLOBAL = 'System/System_Reports/Miners/Global/global_miners_report.json';

/** Everything told by the ledger, in order: `fallback 1`, `recovered` ... */
function listen(ledger: Ledger): string[] {
  const told: string[] = [];
  ledger.events.on('fallback', ({ layer }) => told.push(`fallback ${layer}`));
  ledger.events.on('recovered', () => told.push('recovered'));
  return told;
}

/** Entries in every file of the miners' report tree; one number a file. */
function reportCounts({ files, read }: Bench): number[] {
  return files()
    .filter((file) => file.startsWith('System/System_Reports/Miners/') && !file.includes('corrupt'))
    .map((file) => {
      const { aggregated_data, reports, summary } = read(file);
      const entries: JsonObject[] | undefined = reports ?? aggregated_data?.reports;
      if (entries) expect(new Set(entries.map((entry) => entry.id)).size).toBe(entries.length);
      if (entries && summary) expect(summary.total_entries).toBe(entries.length);
      return entries?.length ?? summary.total_entries;
    });
}

const inTree = (file: string): boolean => /(^|\/)System\//.test(file) && !file.includes('Backup_Logs');

describe('a primary tree that refuses', () => {
  it('leaves the entry in Backup_Logs, and puts it into the tree exactly once when it works again', async () => {
    const fs = new FaultyFs();
    const room = bench({ fs });
    const { ledger, files, clock } = room;
    const told = listen(ledger);
    fs.onCall = (call, file) => {
      if (call === 'writeFile' && inTree(file)) throw diskError('ENOSPC');
    };
    ledger.saveSystemReport('miners', { n: 1 });
    ledger.saveSystemReport('miners', { n: 2 });
    await ledger.flush();
    expect(ledger.stats()).toMatchObject({ accepted: 2, written: 0, queued: 0, backup: 2, degraded: true, last_error: expect.stringContaining('ENOSPC') });
    expect(files()).toHaveLength(2);
    expect(told).toEqual(['fallback 1', 'fallback 1']);

    fs.onCall = () => {};
    clock.advance(1000);
    await ledger.flush();
    expect(reportCounts(room)).toEqual(Array(14).fill(2));
    expect(files()).toHaveLength(14);
    expect(told).toEqual(['fallback 1', 'fallback 1', 'recovered']);
    expect(ledger.stats()).toMatchObject({ written: 2, backup: 0, degraded: false });
    await ledger.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('is tried again at once when a newer entry gets through', async () => {
    const fs = new FaultyFs();
    const room = bench({ fs });
    fs.onCall = (call, file) => {
      if (call === 'rename' && inTree(file)) throw diskError('EROFS');
    };
    room.ledger.saveSystemReport('miners', { n: 1 });
    await room.ledger.flush();
    fs.onCall = () => {};
    room.ledger.saveSystemReport('miners', { n: 2 });
    await room.ledger.flush();
    expect(reportCounts(room)).toEqual(Array(14).fill(2));
    expect(room.ledger.stats()).toMatchObject({ written: 2, backup: 0, degraded: false });
  });

  it('is tried again with pauses that grow to a minute', async () => {
    const fs = new FaultyFs();
    const { ledger, clock } = bench({ fs });
    const tries: number[] = [];
    fs.onCall = (call, file) => {
      if (call === 'mkdir' && file.endsWith('Miners/Global') && inTree(file)) tries.push(clock.monotonic());
      if (call === 'open' && inTree(file)) throw diskError('EACCES');
    };
    ledger.saveSystemReport('miners', { n: 1 });
    await ledger.flush();
    for (let second = 0; second < 200; second += 1) {
      clock.advance(1000);
      await ledger.flush();
    }
    expect(tries.map((at) => at / 1000)).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
    expect(ledger.stats()).toMatchObject({ backup: 1, degraded: true });
  });

  it('together with both log folders loses nothing that memory could hold, and tells every loss', async () => {
    const fs = new FaultyFs();
    const room = bench({ fs, queueLimit: 3 });
    const { ledger, clock } = room;
    const told = listen(ledger);
    fs.onCall = () => {
      throw diskError('EROFS');
    };
    for (let n = 1; n <= 5; n += 1) {
      ledger.saveSystemReport('miners', { n });
      await ledger.flush();
    }
    expect(ledger.stats()).toMatchObject({ accepted: 5, written: 0, lost: 5, degraded: true });
    expect(told).toEqual(Array(5).fill('fallback 3'));

    fs.onCall = () => {};
    clock.advance(60_000);
    await ledger.flush();
    // Three were within the bound; two are gone and stay counted.
    expect(reportCounts(room)).toEqual(Array(14).fill(3));
    expect(ledger.stats()).toMatchObject({ written: 3, lost: 2, degraded: false });
    expect(addsUp(ledger.stats())).toBe(true);
    expect(told.filter((event) => event === 'recovered')).toHaveLength(1);
  });

  it('moves an entry from memory to a log folder as soon as one takes it', async () => {
    const fs = new FaultyFs();
    const { ledger, clock } = bench({ fs });
    const told = listen(ledger);
    fs.onCall = () => {
      throw diskError('ENOSPC');
    };
    ledger.saveSystemError('miners', { message: 'hot' });
    await ledger.flush();
    fs.onCall = (_call, file) => {
      if (!file.includes('Emergency_Logs')) throw diskError('ENOSPC');
    };
    clock.advance(1000);
    await ledger.flush();
    expect(ledger.stats()).toMatchObject({ lost: 0, emergency: 1 });
    expect(told).toEqual(['fallback 3', 'fallback 2']);
  });

  it('in one file only holds back nothing but what depends on that file', async () => {
    const fs = new FaultyFs();
    const room = bench({ fs });
    const { ledger, files, read, clock } = room;
    fs.onCall = (call, file) => {
      if (call === 'rename' && file.endsWith('aggregated_12.json')) throw diskError('EACCES');
    };
    ledger.saveSystemReport('miners', { n: 1 });
    await ledger.flush();
    // The month's roll-up is missing, and so is the index that is computed from it.
    expect(files().filter(inTree)).toHaveLength(12);
    const [backup = ''] = files().filter((file) => !inTree(file));
    expect(read(backup)).toMatchObject({ path: 'System/System_Reports/Miners/Aggregated/2025/12/aggregated_12.json', data: { n: 1 } });
    fs.onCall = () => {};
    clock.advance(1000);
    await ledger.flush();
    expect(reportCounts(room)).toEqual(Array(14).fill(1));
  });

  it('in a file that roll-ups name as their source keeps the entry out of them until it works', async () => {
    const fs = new FaultyFs();
    const room = bench({ fs });
    fs.onCall = (call, file) => {
      if (call === 'rename' && file.endsWith(GLOBAL)) throw diskError('EACCES');
    };
    room.ledger.saveSystemReport('miners', { n: 1 });
    await room.ledger.flush();
    expect(room.files().filter(inTree)).toEqual(['System/System_Reports/Miners/Hourly/2025/12/18/01/hourly_miners_report.json']);
    fs.onCall = () => {};
    room.clock.advance(1000);
    await room.ledger.flush();
    expect(reportCounts(room)).toEqual(Array(14).fill(1));
  });

  it('is left alone when only the last fsync failed: the entry is there once', async () => {
    const fs = new FaultyFs();
    const room = bench({ fs });
    let failures = 0;
    fs.onCall = (call, file) => {
      if (call === 'sync' && file.endsWith('/Global') && inTree(file) && failures < 2) {
        failures += 1;
        throw diskError('EIO');
      }
    };
    room.ledger.saveSystemReport('miners', { n: 1 });
    await room.ledger.flush();
    expect(room.read(GLOBAL).reports).toHaveLength(1);
    expect(room.ledger.stats()).toMatchObject({ written: 0, backup: 1 });
    for (const _retry of [1, 2]) {
      room.clock.advance(5000);
      await room.ledger.flush();
    }
    expect(failures).toBe(2);
    expect(reportCounts(room)).toEqual(Array(14).fill(1));
  });
});

it('ends with every file valid and every entry in once, whichever call to the disk fails once', async () => {
  const counting = new FaultyFs();
  counting.realSync = false;
  let calls = 0;
  counting.onCall = () => void (calls += 1);
  const clean = bench({ fs: counting });
  clean.ledger.saveSystemReport('miners', { n: 1 });
  await clean.ledger.flush();
  expect(calls).toBeGreaterThan(100);

  for (let failing = 1; failing <= calls; failing += 1) {
    const fs = new FaultyFs();
    fs.realSync = false;
    const room = bench({ fs });
    room.ledger.saveSystemReport('miners', { n: 0 });
    await room.ledger.flush();
    let call = 0;
    fs.onCall = () => {
      call += 1;
      if (call === failing) throw diskError('EIO', `call ${failing}`);
    };
    room.ledger.saveSystemReport('miners', { n: 1 });
    await room.ledger.flush();
    expect(addsUp(room.ledger.stats())).toBe(true);
    room.clock.advance(1000);
    await room.ledger.flush();
    expect(reportCounts(room), `call ${failing} failed`).toEqual(Array(14).fill(2));
    expect(room.ledger.stats()).toMatchObject({ written: 2, degraded: false });
    await room.ledger.close();
  }
});

describe('a crash', () => {
  it('between temporary file and rename leaves the old file valid, and the next run goes on', async () => {
    const dataDir = temporaryFolder();
    const fs = new FaultyFs();
    const first = bench({ dataDir, fs });
    first.ledger.saveSystemReport('miners', { n: 1 });
    await first.ledger.flush();
    const before = readFileSync(path.join(first.base, GLOBAL), 'utf8');
    let dead = false;
    fs.onCall = (call, file) => {
      dead ||= call === 'rename' && file.endsWith(GLOBAL);
      if (dead) throw new Error('the process is gone');
    };
    first.ledger.saveSystemReport('miners', { n: 2 });
    await first.ledger.flush();
    expect(dead).toBe(true);
    expect(readFileSync(path.join(first.base, GLOBAL), 'utf8')).toBe(before);

    const second = bench({ dataDir });
    second.ledger.saveSystemReport('miners', { n: 3 });
    await second.ledger.close();
    expect(second.read(GLOBAL).reports.map((entry: JsonObject) => entry.n)).toEqual([1, 2, 3]);
    expect(second.files().filter((file) => file.endsWith('.tmp'))).toEqual([]);
  });
});

describe('a file on disk', () => {
  it.each([
    ['cut off', '{"metadata": {}, "reports": [{'],
    ['empty', ''],
    ['full of NUL bytes', '\0'.repeat(4096)],
    ['JSON but not a document', '[]'],
    ['without the array it should have', '{"reports": {"a": 1}}'],
  ])('that is %s is set aside, never overwritten, and a new one started', async (_what, text) => {
    const room = bench();
    const { ledger, read, base, files } = room;
    ledger.saveSystemReport('miners', { n: 1 });
    await ledger.flush();
    writeFileSync(path.join(base, GLOBAL), text);
    ledger.saveSystemReport('miners', { n: 2 });
    await ledger.flush();
    const aside = files().filter((file) => file.startsWith(`${GLOBAL}.corrupt-`));
    expect(aside).toEqual([`${GLOBAL}.corrupt-2025-12-18T074741.076Z`]);
    expect(readFileSync(path.join(base, aside[0] ?? ''), 'utf8')).toBe(text);
    expect(read(GLOBAL).reports).toMatchObject([{ n: 2 }]);
    expect(ledger.stats()).toMatchObject({ written: 2, corrupt_files: 1, last_error: expect.stringContaining('kept as') });
  });

  it('that a person edited is read again, not overwritten from memory', async () => {
    const { ledger, read, base } = bench();
    ledger.saveSystemReport('miners', { n: 1 });
    await ledger.flush();
    const document = read(GLOBAL);
    writeFileSync(path.join(base, GLOBAL), JSON.stringify({ ...document, note: 'checked by hand' }));
    ledger.saveSystemReport('miners', { n: 2 });
    await ledger.flush();
    expect(read(GLOBAL)).toMatchObject({ note: 'checked by hand', reports: [{ n: 1 }, { n: 2 }] });
  });

  it('that cannot be read is not replaced', async () => {
    const fs = new FaultyFs();
    const { ledger, base } = bench({ fs });
    ledger.saveSystemReport('miners', { n: 1 });
    await ledger.close();
    const before = readFileSync(path.join(base, GLOBAL), 'utf8');
    const next = bench({ fs, dataDir: path.resolve(base, '../../..') });
    fs.onCall = (call, file) => {
      if (call === 'readFile' && file.endsWith(GLOBAL)) throw diskError('EIO', 'read');
    };
    next.ledger.saveSystemReport('miners', { n: 2 });
    await next.ledger.flush();
    expect(readFileSync(path.join(base, GLOBAL), 'utf8')).toBe(before);
    expect(next.ledger.stats()).toMatchObject({ backup: 1, last_error: expect.stringContaining('EIO') });
  });

  it('of an index is right again after one write, whatever it said', async () => {
    const { ledger, read, base } = bench();
    const index = 'System/System_Reports/Miners/Aggregated_Index/aggregated_index.json';
    ledger.saveSystemReport('miners', { n: 1 });
    await ledger.flush();
    writeFileSync(path.join(base, index), JSON.stringify({ metadata: {}, summary: { total_entries: 99, data_sources: ['gone.json'] } }));
    ledger.saveSystemReport('miners', { n: 2 });
    await ledger.flush();
    expect(read(index).summary).toMatchObject({ total_entries: 2, total_hours: 1, data_sources: expect.not.arrayContaining(['gone.json']) });
  });
});

describe('off the hot path', () => {
  it('append touches no file before it returns', () => {
    const fs = new FaultyFs();
    const calls: string[] = [];
    fs.onCall = (call) => void calls.push(call);
    const { ledger } = bench({ fs });
    for (let nonce = 0; nonce < 500; nonce += 1) ledger.append('ledger', { nonce });
    expect(calls).toEqual([]);
    expect(ledger.stats().queued).toBe(500);
  });

  it('a stream of entries rewrites each file at most once an interval', async () => {
    const fs = new FaultyFs();
    fs.realSync = false;
    const { ledger, clock } = bench({ fs });
    const writes = (): number => fs.replaced.filter((file) => file.endsWith(GLOBAL)).length;
    for (let interval = 1; interval <= 4; interval += 1) {
      ledger.saveSystemReport('miners', { interval });
      clock.advance(1);
      await queueEmpty(ledger);
      // Nothing is queued: this only waits for the batch to be over.
      await ledger.flush();
      expect(writes()).toBe(interval);
      for (let n = 0; n < 24; n += 1) {
        ledger.saveSystemReport('miners', { interval, n });
        clock.advance(10);
      }
      await turns(50);
      expect(ledger.stats().queued).toBe(24);
      expect(writes()).toBe(interval);
      // One of the 250 ms was used before the batch began.
      clock.advance(9);
    }
    await ledger.flush();
    expect(ledger.stats()).toMatchObject({ accepted: 100, written: 100 });
  });

  it('a disk that hangs does not hang close', async () => {
    const fs = new FaultyFs();
    const { ledger, clock } = bench({ fs, closeTimeoutMs: 3000 });
    fs.onCall = () => new Promise(() => {});
    ledger.append('ledger', { nonce: 1 });
    const closed = ledger.close();
    clock.advance(3000);
    await closed;
    expect(ledger.stats()).toMatchObject({ accepted: 1, queued: 1, written: 0 });
  });
});

it('says the first refusal at once and then one count a minute', async () => {
  const lines: string[] = [];
  const log: Log = { ...silentLog, error: (_fields, message) => lines.push(message ?? '') };
  const fs = new FaultyFs();
  fs.realSync = false;
  fs.onCall = (_call, file) => {
    if (inTree(file)) throw diskError('ENOSPC');
  };
  const { ledger, clock } = bench({ fs, log });
  for (let n = 0; n < 40; n += 1) ledger.saveSystemReport('miners', { n });
  await ledger.flush();
  expect(lines).toEqual(['a ledger entry is kept in Backup_Logs']);
  clock.advance(60_000);
  expect(lines).toEqual(['a ledger entry is kept in Backup_Logs', 'a ledger entry is kept in Backup_Logs (39 more in the last minute)']);
  await ledger.flush();
});

/** Lets pending file operations go on, so that a batch which should not be running would show. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits for the batch that is being written, without starting one as `flush` would. */
async function queueEmpty(ledger: Ledger): Promise<void> {
  while (ledger.stats().queued > 0) await turns(1);
}
