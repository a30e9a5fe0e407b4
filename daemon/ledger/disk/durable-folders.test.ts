import { expect, it } from 'vitest';
import { uniform } from '../../../sim/random.fixture.ts';
import { DurableFolders } from './durable-folders.ts';
import type { CutOptions } from './sim-content.fixture.ts';
import { SimDisk } from './sim-disk.fixture.ts';

const NOTHING_UNSYNCED: CutOptions = { kept: 0, torn: 0, garbage: 0, sector: 512, collateral: false, uneven: false, names: 'folders' };
const afterCut = (disk: SimDisk): SimDisk => disk.crash(uniform(1), NOTHING_UNSYNCED);

async function based(): Promise<SimDisk> {
  const disk = new SimDisk();
  await disk.mkdir('/base');
  await disk.syncFolder('/');
  return disk;
}

it('leaves folders that a power cut does not take', async () => {
  const disk = await based();
  await new DurableFolders(disk, '/base').ensure('/base/a/b/c');
  expect((await afterCut(disk).stat('/base/a/b/c')).isFolder).toBe(true);
});

it('also when an earlier try created them and could not sync', async () => {
  const disk = await based();
  const folders = new DurableFolders(disk, '/base');
  disk.faults.when = ({ call, path }) => (call === 'syncFolder' && path === '/base' ? 'EIO' : null);
  await expect(folders.ensure('/base/a/b')).rejects.toThrow('EIO');
  disk.faults.when = () => null;
  await folders.ensure('/base/a/b');
  expect((await afterCut(disk).stat('/base/a/b')).isFolder).toBe(true);
});

it('also when they were removed meanwhile, the root itself included', async () => {
  const disk = await based();
  const folders = new DurableFolders(disk, '/base');
  await folders.ensure('/base/a/b');
  await disk.rmdir('/base/a/b');
  await disk.rmdir('/base/a');
  await disk.rmdir('/base');
  await folders.ensure('/base/a/b');
  expect((await afterCut(disk).stat('/base/a/b')).isFolder).toBe(true);
});

it('syncs nothing twice', async () => {
  const disk = await based();
  const folders = new DurableFolders(disk, '/base');
  await folders.ensure('/base/a/b');
  const before = disk.faults.count('syncFolder');
  await folders.ensure('/base/a/b');
  await folders.ensure('/base/a');
  await folders.ensure('/base');
  expect(disk.faults.count('syncFolder')).toBe(before);
});

it('the root too, when an earlier try created that and could not sync', async () => {
  const disk = new SimDisk();
  const folders = new DurableFolders(disk, '/base');
  disk.faults.failNext('EIO', ({ call, path }) => call === 'syncFolder' && path === '/');
  await expect(folders.ensure('/base/a/b')).rejects.toThrow('EIO');
  await folders.ensure('/base/a/c');
  expect((await afterCut(disk).stat('/base/a/c')).isFolder).toBe(true);
});

it('does not believe folders below the root that were there before', async () => {
  const disk = await based();
  await disk.mkdir('/base/a/b');
  await new DurableFolders(disk, '/base').ensure('/base/a/b');
  expect((await afterCut(disk).stat('/base/a/b')).isFolder).toBe(true);
});
