import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import { uniform } from '../../../sim/random.fixture.ts';
import type { DiskOp } from '../disk/disk-faults.fixture.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import { fakeBrainstem } from '../fake-brainstem.fixture.ts';
import { temporaryFolder } from '../kit.fixture.ts';
import type { Keeper } from './contract.ts';
import { createKeeper } from './keeper.ts';
import { AT, BASE, idsOf, keeperKit, makeFolder, record } from './keeper-kit.fixture.ts';

const noBackup = ({ path }: DiskOp): string | null => (path.includes('Backup_Logs') ? 'EACCES' : null);
const nothing = (): string => 'EROFS';
const LOG = `${BASE}/Emergency_Logs/Looping_emergency.log`;

describe('layer 1', () => {
  it('keeps a record under the path of the hour file it was meant for, as JSON a person can read', async () => {
    const { keeper, disk } = await keeperKit();
    const result = await keeper.keep(record(1), 'ENOSPC: no space left on device');
    expect(result).toEqual({ ok: true, layer: 1, path: expect.stringMatching(/^Backup_Logs\/Looping\/Submission_Logs\/2025\/12\/W50\/18\/01\/hourly_submission\.sub_00001\.\d{13}\.json$/), reason: 'ENOSPC: no space left on device' });
    const text = disk.bytes(`${BASE}/${result.path}`).toString();
    expect(JSON.parse(text)).toMatchObject({
      time: '2025-12-18T01:47:41.076-06:00',
      path: 'Submission_Logs/2025/12/W50/18/01/hourly_submission.json',
      reason: 'ENOSPC: no space left on device',
      record: { at: record(1).at, zone: -360, kind: 'submission', category: 'looping', bucket: '2025/12/W50/18/01', id: 'sub_00001' },
      data: { id: 'sub_00001', nonce: 1 },
    });
    expect(text).toContain('\n  "time"');
    expect(disk.isDurable).toBe(true);
  });

  it('never writes a file a second time, whatever the ids are', async () => {
    const { keeper, disk } = await keeperKit();
    const ids = ['sub_1', 'sub_1', 'sub_a/b', 'sub_a_b', '', '../../etc/passwd', `sub_${'x'.repeat(300)}1`, `sub_${'x'.repeat(300)}2`];
    const results = await keeper.keepAll(ids.map((id) => record(1, { id })), 'x');
    expect(new Set(results.map(({ path }) => path)).size).toBe(ids.length);
    expect(disk.files()).toHaveLength(ids.length);
    expect(disk.files().every((file) => file.startsWith(`${BASE}/Backup_Logs/Looping/Submission_Logs/2025/`))).toBe(true);
    expect(idsOf(await keeper.kept(100))).toEqual([...new Set(ids)]);
  });

  it('keeps what the blueprint has no place for', async () => {
    const { keeper } = await keeperKit();
    const [start, stranger] = await keeper.keepAll([record(1, { kind: 'start', category: 'brain' }), record(2, { kind: 'system_report', category: '../odd' })], 'x');
    expect(start?.path).toMatch(/^Backup_Logs\/Brain\/start\/2025\/12\/W50\/18\/01\/start\./);
    expect(stranger?.path).toMatch(/^Backup_Logs\/__odd\/system_report\/2025/);
    expect((await keeper.kept(9)).map(({ record: { category } }) => category)).toEqual(['brain', '../odd']);
  });

  it('falls to the emergency log when it holds the most files it may', async () => {
    const { keeper } = await keeperKit({ limits: { backupFiles: 2 } });
    expect((await keeper.keepAll([1, 2, 3].map((n) => record(n)), 'x')).map(({ layer }) => layer)).toEqual([1, 1, 2]);
  });

  it('removes the files of forgotten records and the folders they leave empty', async () => {
    const { keeper, disk } = await keeperKit();
    await keeper.keepAll([record(1), record(2), record(4000)], 'x');
    await keeper.forget(new Set(['sub_00001', 'sub_04000']));
    expect(disk.files().map((file) => file.split('.')[1])).toEqual(['sub_00002']);
    await expect(disk.stat(`${BASE}/Backup_Logs/Looping/Submission_Logs/2025/12/W50/18/02`)).rejects.toThrow('ENOENT');
    await keeper.forget(new Set(['sub_00002']));
    expect(await disk.readdir(`${BASE}/Backup_Logs`)).toEqual([]);
    expect((await keeper.keep(record(3), 'x')).layer).toBe(1);
    expect(keeper.counts()).toEqual({ backup: 1, emergency: 0, ring: 0, lost: 0, unreadable: 0 });
  });
});

describe('layer 2', () => {
  it('appends a line with a checksum when the backup folder refuses', async () => {
    const { keeper, disk } = await keeperKit();
    disk.faults.when = noBackup;
    const result = await keeper.keep(record(1), 'EIO: journal');
    expect(result).toEqual({ ok: true, layer: 2, path: 'Emergency_Logs/Looping_emergency.log', reason: expect.stringMatching(/^EIO: journal; backup: EACCES: /) });
    await keeper.keepAll([record(2), record(3)], 'x');
    const lines = disk.bytes(LOG).toString().split(/[\n\0]+/).filter((line) => line !== '');
    expect(lines.map((line) => JSON.parse(line).data.nonce)).toEqual([1, 2, 3]);
    expect(disk.isDurable).toBe(true);
  });

  it('begins every append on a block of its own, so that a cut cannot ruin what was said to be kept', async () => {
    const { keeper, disk } = await keeperKit();
    disk.faults.when = noBackup;
    const writes: number[] = [];
    for (const n of [1, 2, 3]) {
      await keeper.keep(record(n), 'x');
      writes.push(disk.bytes(LOG).lastIndexOf('{"time"'));
    }
    expect(writes).toEqual([1, 4097, 8193]);
  });

  it('becomes .log.1 once at its limit; the oldest is dropped then, counted and told', async () => {
    const { keeper, disk, lost } = await keeperKit({ limits: { emergencyBytes: 3 * 4096 } });
    disk.faults.when = noBackup;
    const results = [];
    for (let n = 1; n <= 8; n += 1) results.push(await keeper.keep(record(n), 'x'));
    expect(results.map(({ layer }) => layer)).toEqual(Array(8).fill(2));
    expect(disk.files()).toEqual([LOG, `${LOG}.1`]);
    expect(idsOf(await keeper.kept(99))).toEqual([4, 5, 6, 7, 8].map((n) => record(n).id));
    expect(keeper.counts()).toMatchObject({ emergency: 5, lost: 3 });
    expect(lost).toEqual([{ records: 3, reason: expect.stringContaining('Emergency_Logs/Looping_emergency.log.1') }]);
  });

  it('counts nothing as lost that is in the journal by then', async () => {
    const { keeper, disk, lost } = await keeperKit({ limits: { emergencyBytes: 3 * 4096 } });
    disk.faults.when = noBackup;
    for (let n = 1; n <= 6; n += 1) await keeper.keep(record(n), 'x');
    disk.faults.when = (op) => noBackup(op) ?? (op.call === 'unlink' || op.call === 'create' ? 'EIO' : null);
    await keeper.forget(new Set([1, 2, 3].map((n) => record(n).id)));
    disk.faults.when = noBackup;
    await keeper.keep(record(7), 'x');
    expect(lost).toEqual([]);
    expect(keeper.counts()).toMatchObject({ emergency: 4, lost: 0 });
  });

  it('lets go of an entry that alone is bigger than a log', async () => {
    const { keeper, disk } = await keeperKit({ limits: { emergencyBytes: 4096, ringBytes: 4096 } });
    disk.faults.when = noBackup;
    const big = record(1, { entryText: JSON.stringify({ id: 'sub_00001', text: 'x'.repeat(10_000) }) });
    expect((await keeper.keepAll([big, record(2)], 'x')).map(({ layer }) => layer)).toEqual([3, 2]);
    expect(keeper.counts()).toMatchObject({ emergency: 1, ring: 0, lost: 1 });
  });

  it('rewrites a log without forgotten lines, and removes it with the last', async () => {
    const { keeper, disk } = await keeperKit();
    disk.faults.when = noBackup;
    await keeper.keepAll([1, 2, 3].map((n) => record(n)), 'x');
    await keeper.forget(new Set([record(2).id]));
    expect(disk.bytes(LOG).toString().match(/sub_\d+/g)).not.toContain('sub_00002');
    await keeper.keep(record(4), 'x');
    expect(idsOf(await keeper.kept(9))).toEqual([1, 3, 4].map((n) => record(n).id));
    await keeper.forget(new Set([1, 3, 4].map((n) => record(n).id)));
    expect(disk.files()).toEqual([]);
    expect(keeper.counts()).toMatchObject({ emergency: 0 });
  });

  it('takes back what did not get to disk', async () => {
    const { keeper, disk, next } = await keeperKit();
    disk.faults.when = noBackup;
    await keeper.keep(record(1), 'x');
    disk.faults.failNext('ENOSPC', ({ call, path }) => call === 'write' && path === LOG);
    disk.faults.failNext('EIO', ({ call, path }) => call === 'datasync' && path === LOG);
    expect((await keeper.keep(record(2), 'x')).layer).toBe(3);
    expect((await keeper.keep(record(3), 'x')).layer).toBe(3);
    const { keeper: other, damage } = await next();
    expect(idsOf(await other.kept(9))).toEqual([record(1).id]);
    expect(damage).toEqual([]);
  });
});

describe('layer 3', () => {
  it('holds the newest in memory and says where the record should have gone', async () => {
    const { keeper, disk, lost } = await keeperKit({ limits: { ringRecords: 3 } });
    disk.faults.when = nothing;
    expect(await keeper.keep(record(1), 'EROFS: journal')).toEqual({
      ok: false,
      layer: 3,
      path: 'Submission_Logs/2025/12/W50/18/01/hourly_submission.json',
      reason: expect.stringMatching(/^EROFS: journal; backup: EROFS: .*; emergency log: EROFS: /),
    });
    await keeper.keepAll([2, 3, 4, 5].map((n) => record(n)), 'x');
    expect(idsOf(await keeper.kept(9))).toEqual([3, 4, 5].map((n) => record(n).id));
    expect(keeper.counts()).toEqual({ backup: 0, emergency: 0, ring: 3, lost: 2, unreadable: 0 });
    expect(lost.map(({ records }) => records)).toEqual([1, 1]);
  });

  it('is bounded by bytes as well', async () => {
    const { keeper, disk } = await keeperKit({ limits: { ringBytes: 2000 } });
    disk.faults.when = nothing;
    await keeper.keepAll([1, 2, 3].map((n) => record(n, { entryText: JSON.stringify({ id: record(n).id, text: 'x'.repeat(600) }) })), 'x');
    expect(keeper.counts()).toMatchObject({ ring: 2, lost: 1 });
  });

  it('goes to disk as soon as the disk takes something again', async () => {
    const { keeper, disk } = await keeperKit();
    disk.faults.when = nothing;
    await keeper.keepAll([1, 2].map((n) => record(n)), 'x');
    await keeper.settle();
    expect(keeper.counts()).toMatchObject({ ring: 2 });
    disk.faults.when = () => null;
    await keeper.keep(record(3), 'x');
    expect(keeper.counts()).toEqual({ backup: 3, emergency: 0, ring: 0, lost: 0, unreadable: 0 });
    expect(idsOf(await keeper.kept(9))).toEqual([1, 2, 3].map((n) => record(n).id));
  });

  it('goes to disk when it is asked to, at the end of a run', async () => {
    const { keeper, disk, next } = await keeperKit();
    disk.faults.when = nothing;
    await keeper.keep(record(1), 'x');
    disk.faults.when = () => null;
    await keeper.settle();
    expect(idsOf(await (await next()).keeper.kept(9))).toEqual([record(1).id]);
  });
});

describe('kept', () => {
  it('gives every layer in order of arrival, also to a later run whose clock is behind', async () => {
    const { keeper, disk, next, clock } = await keeperKit();
    for (let n = 0; n < 12; n += 1) {
      clock.advance(10);
      disk.faults.when = n % 3 === 0 ? () => null : noBackup;
      await keeper.keep(record(n), 'x');
    }
    disk.faults.when = () => null;
    const all = Array.from({ length: 12 }, (_, n) => record(n).id);
    expect(idsOf(await keeper.kept(5))).toEqual(all.slice(0, 5));
    const late = await next();
    late.clock.advance(-3_600_000);
    expect(idsOf(await late.keeper.kept(99))).toEqual(all);
    await late.keeper.keep(record(12), 'x');
    expect(idsOf(await (await next()).keeper.kept(99))).toEqual([...all, record(12).id]);
    expect(late.keeper.counts()).toEqual(expect.objectContaining({ backup: 5, emergency: 8 }));
  });

  it('gives the entry back as it was, byte for byte', async () => {
    const { keeper, disk } = await keeperKit();
    const entryText = JSON.stringify({ 2: 'b', 1: 'a', id: 'sub_00001', text: '\u2028 \ud800 "\\', n: -0, list: [1e300, null, []], ['__proto__']: { x: 1 } });
    await keeper.keep(record(1, { entryText }), 'x');
    disk.faults.when = noBackup;
    await keeper.keep(record(2, { entryText }), 'x');
    disk.faults.when = () => null;
    expect((await keeper.kept(9)).map(({ record }) => record.entryText)).toEqual([entryText, entryText]);
  });

  it('reads what the first form of the ledger left', async () => {
    const { keeper, disk, damage, clock } = await keeperKit();
    clock.advance(3_600_000);
    const data = { id: 'err_20251218_014741_9f3c21_0007', timestamp: '2025-12-18T02:10:00.000-06:00', message: 'x' };
    const first = { time: '2025-12-18T02:10:01.000-06:00', path: 'System/Error_Reports/Miners/Global/global_miners_error.json', reason: 'ENOSPC', data };
    const write = async (file: string, text: string): Promise<void> => {
      await disk.mkdir(file.slice(0, file.lastIndexOf('/')));
      const handle = await disk.open(file, 'create');
      await handle.write(Buffer.from(text), 0);
      await handle.close();
    };
    await write(`${BASE}/Backup_Logs/Miners/System/Error_Reports/Miners/Global/global_miners_error.err_20251218_014741_9f3c21_0007-3.json`, JSON.stringify(first, null, 2));
    await write(`${BASE}/Emergency_Logs/DTM_emergency.log`, `${JSON.stringify({ ...first, data: { ...data, id: 'attempt_1' }, time: '2025-12-18T02:10:02.000-06:00' })}\n{"time":`);
    await keeper.keep(record(5000), 'x');
    const [error, attempt, fresh] = await keeper.kept(9);
    expect(error).toEqual({
      layer: 1,
      record: { at: Date.parse(data.timestamp), zone: -360, kind: 'error_report', category: 'miners', bucket: '2025/12/W50/18/02', id: data.id, entryText: JSON.stringify(data) },
    });
    expect(attempt).toMatchObject({ layer: 2, record: { kind: 'ledger', category: 'dtm', id: 'attempt_1' } });
    expect(fresh?.record.id).toBe(record(5000).id);
    expect(damage).toEqual([{ file: 'Emergency_Logs/DTM_emergency.log', offset: expect.any(Number), reason: 'the line is not whole' }]);
    await keeper.forget(new Set([data.id, 'attempt_1', record(5000).id]));
    expect(disk.files()).toEqual([]);
  });

  it('skips and tells what is damaged, keeps it for a person, and gives the rest', async () => {
    const { keeper, disk, next } = await keeperKit();
    await keeper.keepAll([1, 2].map((n) => record(n)), 'x');
    disk.faults.when = noBackup;
    await keeper.keepAll([3, 4, 5].map((n) => record(n)), 'x');
    disk.faults.when = () => null;
    const [file] = disk.files();
    disk.tamper(file!, (bytes) => Buffer.from(bytes.toString().replace('"nonce": 1', '"nonce": 7')));
    disk.tamper(LOG, (bytes) => Buffer.from(bytes.toString().replace('"nonce":4', '"nonce":7')));
    const { keeper: other, damage } = await next();
    expect(idsOf(await other.kept(1))).toEqual([record(2).id]);
    expect(idsOf(await other.kept(9))).toEqual([2, 3, 5].map((n) => record(n).id));
    expect(damage.map((one) => [one.file, one.offset === null, one.reason])).toEqual([
      ['Emergency_Logs/Looping_emergency.log', false, 'the checksum does not fit'],
      [file!.slice(BASE.length + 1), true, 'the checksum does not fit'],
    ]);
    expect(other.counts()).toEqual({ backup: 1, emergency: 2, ring: 0, lost: 0, unreadable: 2 });
    await other.forget(new Set([2, 3, 5].map((n) => record(n).id)));
    expect(disk.files()).toEqual([file, `${LOG}.damaged-1`]);
    expect(disk.bytes(`${LOG}.damaged-1`).toString()).toContain('"nonce":7');
    expect(await (await next()).keeper.kept(9)).toEqual([]);
  });

  it('passes over whole documents and what a crash left half written', async () => {
    const { keeper, disk } = await keeperKit();
    await disk.mkdir(`${BASE}/Backup_Logs/smoke`);
    await disk.mkdir(`${BASE}/Emergency_Logs`);
    for (const file of ['Backup_Logs/smoke/a.1766044061076.document.json', 'Backup_Logs/smoke/.b.json.tmp', 'Backup_Logs/smoke/notes.txt', 'Emergency_Logs/smoke_documents_emergency.log', 'Emergency_Logs/.x.tmp']) await (await disk.open(`${BASE}/${file}`, 'create')).close();
    expect(await keeper.kept(9)).toEqual([]);
    expect(keeper.counts().unreadable).toBe(0);
    expect(disk.files().map((file) => file.slice(BASE.length + 1))).toEqual(['Backup_Logs/smoke/a.1766044061076.document.json', 'Backup_Logs/smoke/notes.txt', 'Emergency_Logs/smoke_documents_emergency.log']);
  });

  it('tries again what the disk did not let it read', async () => {
    const { keeper, disk, next, damage } = await keeperKit();
    await keeper.keepAll([1, 2].map((n) => record(n)), 'x');
    disk.faults.when = noBackup;
    await keeper.keep(record(3), 'x');
    const { keeper: other } = await next();
    disk.faults.when = ({ call, path }) => (call === 'readdir' || path.includes('sub_00001') ? 'EIO' : null);
    expect(await other.kept(9)).toEqual([]);
    disk.faults.when = ({ path }) => (path.includes('sub_00001') ? 'EIO' : null);
    expect(idsOf(await other.kept(1))).toEqual([record(2).id]);
    disk.faults.when = () => null;
    expect(idsOf(await other.kept(9))).toEqual([1, 2, 3].map((n) => record(n).id));
    expect(damage).toEqual([]);
  });
});

describe('forget', () => {
  it('gives nothing again that could not be removed; a later run finds it', async () => {
    const { keeper, disk, next } = await keeperKit();
    await keeper.keepAll([1, 2].map((n) => record(n)), 'x');
    disk.faults.when = noBackup;
    await keeper.keepAll([3, 4].map((n) => record(n)), 'x');
    disk.faults.when = nothing;
    await keeper.forget(new Set([1, 2, 3].map((n) => record(n).id)));
    disk.faults.when = () => null;
    expect(idsOf(await keeper.kept(9))).toEqual([record(4).id]);
    expect(keeper.counts()).toMatchObject({ backup: 0, emergency: 1 });
    expect(idsOf(await (await next()).keeper.kept(9))).toEqual([1, 2, 3, 4].map((n) => record(n).id));
    await keeper.forget(new Set());
    expect(idsOf(await (await next()).keeper.kept(9))).toEqual([record(4).id]);
  });

  it('reads a log right after a rewrite of which nobody knows whether it happened', async () => {
    const { keeper, disk } = await keeperKit();
    disk.faults.when = noBackup;
    await keeper.keepAll([1, 2, 3].map((n) => record(n)), 'x');
    disk.faults.failNext('EIO', 'syncFolder');
    await keeper.forget(new Set([record(1).id]));
    expect(idsOf(await keeper.kept(9))).toEqual([2, 3].map((n) => record(n).id));
    expect(keeper.counts()).toMatchObject({ emergency: 2, unreadable: 0 });
  });
});

it('syncs the name of a log again after a rewrite whose sync failed', async () => {
  const { keeper, disk, next } = await keeperKit();
  disk.faults.when = noBackup;
  await keeper.keepAll([1, 2].map((n) => record(n)), 'x');
  disk.faults.failNext('EIO', 'syncFolder');
  await keeper.forget(new Set([record(1).id]));
  expect((await keeper.keep(record(3), 'x')).ok).toBe(true);
  disk.faults.when = () => null;
  const left = disk.crash(uniform(1), { kept: 0, torn: 0, garbage: 0, sector: 512, collateral: false, uneven: false, names: 'folders' });
  expect(idsOf(await (await next(left)).keeper.kept(9))).toContain(record(3).id);
});

it('works on a real disk', async () => {
  const base = temporaryFolder();
  const make = (): Keeper => createKeeper({ disk: nodeDisk, base, brainstem: fakeBrainstem(base), clock: new ManualClock(AT) });
  const keeper = make();
  await keeper.keepAll([record(1), record(2, { category: 'dtm' })], 'x');
  mkdirSync(path.join(base, 'Backup_Logs/Looping2'), { recursive: true });
  writeFileSync(path.join(base, 'Backup_Logs/Miners'), 'in the way');
  expect((await keeper.keep(record(3, { category: 'miners' }), 'x')).layer).toBe(2);
  const other = make();
  expect(idsOf(await other.kept(9))).toEqual([1, 2, 3].map((n) => record(n).id));
  await other.forget(new Set([1, 2, 3].map((n) => record(n).id)));
  expect(readdirSync(base, { recursive: true }).sort()).toEqual(['Backup_Logs', 'Backup_Logs/Looping2', 'Backup_Logs/Miners', 'Emergency_Logs']);
});

describe('a second file system', () => {
  it('takes layers 1 and 2 while it is there; the base folder stands in', async () => {
    const disk = (await keeperKit()).disk;
    const { keeper, next } = await keeperKit({ disk, backupFolder: '/stick/rigbrain' });
    expect((await keeper.keep(record(1), 'x')).path).toMatch(/^Backup_Logs\//);
    await makeFolder(disk, '/stick/rigbrain');
    expect((await keeper.keep(record(2), 'x')).path).toMatch(/^\/stick\/rigbrain\/Backup_Logs\/Looping\//);
    disk.faults.when = noBackup;
    expect((await keeper.keep(record(3), 'x')).path).toBe('/stick/rigbrain/Emergency_Logs/Looping_emergency.log');
    disk.faults.when = ({ path }) => (path.startsWith('/stick') ? 'EIO' : null);
    expect((await keeper.keep(record(4), 'x')).path).toMatch(/^Backup_Logs\//);
    disk.faults.when = () => null;
    const { keeper: other } = await next();
    expect(idsOf(await other.kept(9))).toEqual([1, 2, 3, 4].map((n) => record(n).id));
    await other.forget(new Set([1, 2, 3, 4].map((n) => record(n).id)));
    expect(disk.files()).toEqual([]);
  });
});

it('does not wait for a disk that hangs, and asks it again once it has answered', async () => {
  const { keeper, disk, clock } = await keeperKit({ limits: { diskTimeoutMs: 5000 } });
  let answer = (): void => {};
  disk.faults.onOp = ({ call }) => (call === 'datasync' ? new Promise<void>((resolve) => (answer = resolve)) : undefined);
  const first = keeper.keep(record(1), 'x');
  await settled();
  clock.advance(5000);
  expect(await first).toMatchObject({ ok: false, layer: 3, reason: expect.stringMatching(/backup: ETIMEDOUT: .*; emergency log: EBUSY: /) });
  expect(await keeper.keep(record(2), 'x')).toMatchObject({ layer: 3, reason: expect.stringContaining('EBUSY') });
  disk.faults.onOp = () => {};
  answer();
  await settled();
  expect(await keeper.keep(record(3), 'x')).toMatchObject({ ok: true, layer: 1 });
  expect(keeper.counts()).toMatchObject({ backup: 3, ring: 0 });
});

it('never throws, whatever the callbacks, the clock or the record do', async () => {
  const angry = (): never => {
    throw new Error('no');
  };
  const { keeper, disk } = await keeperKit({ onDamage: angry, onLost: angry, limits: { ringRecords: 1 } });
  disk.faults.when = nothing;
  await keeper.keepAll([record(1), record(2)], 'x');
  disk.faults.when = () => null;
  expect(await keeper.keep(record(3, { entryText: 'not json' }), 'x')).toMatchObject({ ok: false, layer: 3 });
  expect(await keeper.keepAll([], 'x')).toEqual([]);
});

/** Lets everything that can go on go on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
