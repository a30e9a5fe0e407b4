import { expect, it } from 'vitest';
import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import type { DiskCall } from './disk-faults.fixture.ts';
import { patientDisk } from './patient-disk.ts';
import { SimDisk } from './sim-disk.fixture.ts';

function hanging(): { sim: SimDisk; clock: ManualClock; hang: (call: DiskCall) => void; answer: () => Promise<void> } {
  const sim = new SimDisk();
  let answers: (() => void)[] = [];
  return {
    sim,
    clock: new ManualClock(),
    hang: (wanted) => {
      sim.faults.onOp = ({ call }) => (call === wanted ? new Promise<void>((resolve) => answers.push(resolve)) : undefined);
    },
    answer: async () => {
      sim.faults.onOp = () => {};
      for (const one of answers) one();
      answers = [];
      await tick();
    },
  };
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('is the disk itself as long as that answers, errors included', async () => {
  const { sim, clock } = hanging();
  const disk = patientDisk(sim, clock, 1000);
  expect(await disk.mkdir('/a/b')).toBe('/a');
  const file = await disk.open('/a/b/c', 'create');
  await file.write(Buffer.from('hello'), 0);
  await file.datasync();
  const bytes = Buffer.alloc(9);
  expect(await file.read(bytes, 1)).toBe(4);
  await file.truncate(2);
  expect((await file.stat()).size).toBe(2);
  await file.close();
  await disk.link('/a/b/c', '/a/b/d');
  await disk.rename('/a/b/d', '/a/b/e');
  await disk.syncFolder('/a/b');
  expect(await disk.readdir('/a/b')).toEqual(['c', 'e']);
  await disk.unlink('/a/b/c');
  await disk.unlink('/a/b/e');
  await disk.rmdir('/a/b');
  expect((await disk.stat('/a')).isFolder).toBe(true);
  await expect(disk.open('/a/x', 'read')).rejects.toMatchObject({ code: 'ENOENT' });
});

it('gives up on a call in time, refuses the others until it is answered, and then goes on', async () => {
  const { sim, clock, hang, answer } = hanging();
  const disk = patientDisk(sim, clock, 1000);
  hang('mkdir');
  const call = disk.mkdir('/a');
  await tick();
  clock.advance(999);
  const refused = disk.stat('/');
  expect((await refused).isFolder).toBe(true);
  clock.advance(1);
  await expect(call).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  const before = sim.faults.count();
  await expect(disk.stat('/')).rejects.toMatchObject({ code: 'EBUSY' });
  expect(sim.faults.count()).toBe(before);
  await answer();
  expect((await disk.stat('/a')).isFolder).toBe(true);
});

it('closes a file that opens too late, and one given up while the disk hangs', async () => {
  const { sim, clock, hang, answer } = hanging();
  const disk = patientDisk(sim, clock, 1000);
  const file = await disk.open('/x', 'create');
  hang('open');
  const late = disk.open('/x', 'read');
  await tick();
  clock.advance(1000);
  await expect(late).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  await file.close();
  await answer();
  await disk.unlink('/x');
  // The room of a removed file comes back only when nobody has it open.
  expect(sim.usedBytes).toBe(0);
  await expect(file.stat()).rejects.toMatchObject({ code: 'EBADF' });
});

it('two disks of their own hang one by one', async () => {
  const { sim, clock, hang } = hanging();
  const [first, second] = [patientDisk(sim, clock, 1000), patientDisk(sim, clock, 1000)];
  hang('mkdir');
  const call = first.mkdir('/a');
  await tick();
  clock.advance(1000);
  await expect(call).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  await expect(first.stat('/')).rejects.toMatchObject({ code: 'EBUSY' });
  expect((await second.stat('/')).isFolder).toBe(true);
});
