import { expect, test } from 'vitest';
import { readWhole, writeWhole } from './files.ts';
import { FaultyDisk } from './faulty-disk.fixture.ts';
import { SimDisk } from './sim-disk.fixture.ts';

test('every call can be made to fail, is counted, and fails only when told to', async () => {
  const behind = new SimDisk();
  const disk = new FaultyDisk(behind);
  await writeWhole(disk, '/f/a', Buffer.from('good'));
  for (const call of ['create', 'write', 'datasync', 'rename', 'syncFolder', 'mkdir', 'unlink'] as const) {
    disk.faults.failNext('EIO', call);
    await expect(writeWhole(disk, '/f/a', Buffer.from('next'))).rejects.toMatchObject({ code: 'EIO', syscall: call });
    await writeWhole(disk, '/f/a', Buffer.from('good'));
  }
  for (const call of ['open', 'stat', 'read'] as const) {
    disk.faults.failNext('EACCES', call);
    await expect(readWhole(disk, '/f/a')).rejects.toMatchObject({ code: 'EACCES' });
  }
  disk.faults.when = (op) => (op.call === 'readdir' ? 'EMFILE' : null);
  await expect(disk.readdir('/')).rejects.toMatchObject({ code: 'EMFILE' });
  expect((await readWhole(disk, '/f/a')).toString()).toBe('good');
  expect(disk.faults.count('readdir')).toBe(1);
});

test('a failed write leaves half of it, and syncs can be left out', async () => {
  const behind = new SimDisk();
  const disk = new FaultyDisk(behind);
  disk.realSync = false;
  const handle = await disk.open('/a', 'create');
  disk.faults.failNext('ENOSPC', 'write');
  await expect(handle.write(Buffer.from('1234'), 0)).rejects.toMatchObject({ code: 'ENOSPC' });
  await handle.datasync();
  await disk.syncFolder('/');
  expect(behind.bytes('/a').toString()).toBe('12');
  expect(behind.isDurable).toBe(false);
  expect(behind.faults.count('datasync')).toBe(0);
});
