import { expect, it } from 'vitest';
import type { DiskCall } from '../disk/disk-faults.fixture.ts';
import { BASE, idsOf, keeperKit, record } from './keeper-kit.fixture.ts';

const CODES = ['ENOSPC', 'EROFS', 'EACCES', 'EIO', 'EMFILE', 'ENOTDIR'] as const;
const BACKUP_CALLS: readonly DiskCall[] = ['mkdir', 'stat', 'create', 'write', 'datasync', 'rename', 'syncFolder'];
const EMERGENCY_CALLS: readonly DiskCall[] = ['mkdir', 'create', 'stat', 'write', 'datasync', 'syncFolder'];

it.each(BACKUP_CALLS.flatMap((call) => CODES.map((code) => [call, code] as const)))('layer 1 fails at %s with %s: layer 2 has the record, and nothing is left beside it', async (call, code) => {
  const { keeper, disk, next } = await keeperKit();
  disk.faults.when = (op) => (op.call === call && op.path.includes('Backup_Logs') ? code : null);
  expect(await keeper.keepAll([record(1), record(2)], 'journal')).toMatchObject([{ ok: true, layer: 2 }, { ok: true, layer: 2, reason: expect.stringContaining(`backup: ${code}`) }]);
  expect(disk.files()).toEqual([`${BASE}/Emergency_Logs/Looping_emergency.log`]);
  disk.faults.when = () => null;
  expect(idsOf(await (await next()).keeper.kept(9))).toEqual(idsOf([{ record: record(1) }, { record: record(2) }]));
});

it.each(EMERGENCY_CALLS.flatMap((call) => CODES.map((code) => [call, code] as const)))('layer 2 fails at %s with %s: the ring has the record, and the log takes the next one', async (call, code) => {
  const { keeper, disk, next } = await keeperKit();
  const noBackup = ({ path }: { path: string }): string | null => (path.includes('Backup_Logs') ? 'EACCES' : null);
  disk.faults.when = (op) => noBackup(op) ?? (op.call === call ? code : null);
  expect(await keeper.keep(record(1), 'journal')).toMatchObject({ ok: false, layer: 3, reason: expect.stringContaining(`emergency log: ${code}`) });
  disk.faults.when = noBackup;
  expect(await keeper.keep(record(2), 'journal')).toMatchObject({ ok: true, layer: 2 });
  expect(keeper.counts()).toEqual({ backup: 0, emergency: 2, ring: 0, lost: 0, unreadable: 0 });
  disk.faults.when = () => null;
  const { keeper: other, damage } = await next();
  expect(idsOf(await other.kept(9))).toEqual(idsOf([{ record: record(1) }, { record: record(2) }]));
  expect(damage).toEqual([]);
});
