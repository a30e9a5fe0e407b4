import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { BLOCK, isMissing, type Disk } from './disk.ts';
import { FaultyDisk } from './faulty-disk.fixture.ts';
import { ensureFolder, readWhole, statOrNull, withFile, writeWhole } from './files.ts';
import { nodeDisk } from './node-disk.ts';
import { SimDisk } from './sim-disk.fixture.ts';
import { uniform } from '../../../sim/random.fixture.ts';

// One suite for all disks: what the simulator lets pass, the real one must too.

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-disk-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const DISKS: readonly [string, () => [Disk, string]][] = [
  ['the real disk', () => [nodeDisk, temporaryFolder()]],
  ['the simulated disk', () => [new SimDisk(), '/']],
  ['the simulated disk with overlapping calls', () => [new SimDisk({ jitter: uniform(1) }), '/']],
  ['a faulty disk without faults', () => [new FaultyDisk(nodeDisk), temporaryFolder()]],
];

describe.each(DISKS)('%s', (_name, make) => {
  let disk: Disk;
  let base: string;
  const at = (...parts: string[]): string => path.join(base, ...parts);
  const code = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'no error', (error: NodeJS.ErrnoException) => error.code ?? String(error));
  const create = (name: string, text = ''): Promise<void> => withFile(disk, at(name), 'create', (handle) => handle.write(Buffer.from(text), 0));
  const text = async (name: string): Promise<string> => (await readWhole(disk, at(name))).toString();

  beforeEach(() => {
    [disk, base] = make();
  });

  test('create makes a new file, and only a new one', async () => {
    await create('a', 'hello');
    expect(await text('a')).toBe('hello');
    expect(await code(disk.open(at('a'), 'create'))).toBe('EEXIST');
    expect(await code(disk.open(at('none/a'), 'create'))).toBe('ENOENT');
    expect(await code(disk.open(at('a/b'), 'create'))).toBe('ENOTDIR');
    expect(await disk.readdir(base)).toEqual(['a']);
  });

  test('read and update need a file that is there', async () => {
    expect(await code(disk.open(at('a'), 'read'))).toBe('ENOENT');
    expect(await code(disk.open(at('a'), 'update'))).toBe('ENOENT');
    await disk.mkdir(at('f'));
    expect(await code(disk.open(at('f'), 'update'))).toBe('EISDIR');
    expect(await code(withFile(disk, at('f'), 'read', (handle) => handle.read(Buffer.alloc(1), 0)))).toBe('EISDIR');
    await create('a', 'x');
    expect(await code(withFile(disk, at('a'), 'read', (handle) => handle.write(Buffer.from('y'), 0)))).toBe('EBADF');
  });

  test('reads stop at the end, writes beyond it leave NULs', async () => {
    await withFile(disk, at('a'), 'create', async (handle) => {
      await handle.write(Buffer.from('end'), 2 * BLOCK + 5);
      expect((await handle.stat()).size).toBe(2 * BLOCK + 8);
      const bytes = Buffer.alloc(3 * BLOCK, 0xff);
      expect(await handle.read(bytes, 3)).toBe(2 * BLOCK + 5);
      expect(bytes.subarray(0, 2 * BLOCK + 2).every((byte) => byte === 0)).toBe(true);
      expect(bytes.subarray(2 * BLOCK + 2, 2 * BLOCK + 6).toString('latin1')).toBe('end\xff');
      expect(await handle.read(bytes, 2 * BLOCK + 8)).toBe(0);
      expect(await handle.read(bytes, 9 * BLOCK)).toBe(0);
    });
  });

  test('truncation cuts for good: what grows back is NUL', async () => {
    await create('a', 'x'.repeat(3 * BLOCK));
    await withFile(disk, at('a'), 'update', async (handle) => {
      await handle.truncate(10);
      await handle.truncate(BLOCK + 10);
      await handle.write(Buffer.from('y'), BLOCK + 20);
      await handle.datasync();
    });
    expect(await text('a')).toBe(`${'x'.repeat(10)}${'\0'.repeat(BLOCK + 10)}y`);
  });

  test('a second name is the same file', async () => {
    await create('a', 'one');
    await disk.link(at('a'), at('b'));
    await withFile(disk, at('b'), 'update', (handle) => handle.write(Buffer.from('two'), 0));
    expect(await text('a')).toBe('two');
    expect((await disk.stat(at('a'))).ino).toBe((await disk.stat(at('b'))).ino);
    expect((await disk.stat(at('a'))).nlink).toBe(2);
    expect(await code(disk.link(at('a'), at('b')))).toBe('EEXIST');
    expect(await code(disk.link(at('none'), at('c')))).toBe('ENOENT');
    await disk.unlink(at('a'));
    expect(await text('b')).toBe('two');
    expect((await disk.stat(at('b'))).nlink).toBe(1);
  });

  test('rename replaces, and does nothing between two names of one file', async () => {
    await create('a', 'new');
    await create('b', 'old');
    await disk.rename(at('a'), at('b'));
    expect(await text('b')).toBe('new');
    expect(await disk.readdir(base)).toEqual(['b']);
    await disk.link(at('b'), at('c'));
    await disk.rename(at('b'), at('c'));
    expect(await disk.readdir(base)).toEqual(['b', 'c']);
    await disk.mkdir(at('f'));
    expect(await code(disk.rename(at('b'), at('f')))).toBe('EISDIR');
    expect(await code(disk.rename(at('none'), at('b')))).toBe('ENOENT');
    await disk.rename(at('b'), at('f/b'));
    expect(await disk.readdir(at('f'))).toEqual(['b']);
    await disk.rename(at('f'), at('g'));
    expect(await text('g/b')).toBe('new');
  });

  test('a removed file lives on for those who have it open', async () => {
    await create('a', 'kept');
    await withFile(disk, at('a'), 'read', async (handle) => {
      await disk.unlink(at('a'));
      await create('a', 'other');
      const bytes = Buffer.alloc(4);
      expect(await handle.read(bytes, 0)).toBe(4);
      expect(bytes.toString()).toBe('kept');
    });
    expect(await code(disk.unlink(at('none')))).toBe('ENOENT');
    await disk.mkdir(at('f'));
    expect(await code(disk.unlink(at('f')))).toBe('EISDIR');
  });

  test('folders are made with their parents, and the first new one is told', async () => {
    expect(await disk.mkdir(at('x', 'y', 'z'))).toBe(at('x'));
    expect(await disk.mkdir(at('x', 'y'))).toBeUndefined();
    expect(await disk.mkdir(at('x', 'y', 'w'))).toBe(at('x', 'y', 'w'));
    expect(await disk.readdir(at('x', 'y'))).toEqual(['w', 'z']);
    await create('a');
    expect(await code(disk.mkdir(at('a')))).toBe('EEXIST');
    expect(await code(disk.mkdir(at('a', 'b')))).toBe('ENOTDIR');
    expect(await code(disk.readdir(at('a')))).toBe('ENOTDIR');
    expect(await code(disk.readdir(at('none')))).toBe('ENOENT');
  });

  test('only an empty folder can be removed', async () => {
    await disk.mkdir(at('x', 'y'));
    expect(await code(disk.rmdir(at('x')))).toBe('ENOTEMPTY');
    expect(await code(disk.rmdir(at('none')))).toBe('ENOENT');
    await create('a');
    expect(await code(disk.rmdir(at('a')))).toBe('ENOTDIR');
    await disk.rmdir(at('x', 'y'));
    await disk.rmdir(at('x'));
    expect(await disk.readdir(base)).toEqual(['a']);
  });

  test('stat tells size, kind and number', async () => {
    await create('a', 'four');
    const { size, isFolder, ino, mtimeMs } = await disk.stat(at('a'));
    expect([size, isFolder]).toEqual([4, false]);
    expect(mtimeMs).toBeGreaterThan(0);
    await create('b');
    expect((await disk.stat(at('b'))).ino).not.toBe(ino);
    expect((await disk.stat(base)).isFolder).toBe(true);
    expect(await statOrNull(disk, at('none'))).toBeNull();
    expect(await code(disk.stat(at('a/b')))).toBe('ENOTDIR');
    const missing = await disk.stat(at('none')).catch((error: unknown) => error);
    expect(isMissing(missing)).toBe(true);
  });

  test('a closed handle is of no use, and may be closed again', async () => {
    await create('a', 'x');
    const handle = await disk.open(at('a'), 'update');
    await handle.close();
    expect(await code(handle.read(Buffer.alloc(1), 0))).toBe('EBADF');
    expect(await code(handle.stat())).toBe('EBADF');
    await handle.close();
  });

  test('folders can be synced; one that is not there cannot', async () => {
    await disk.syncFolder(base);
    expect(await code(disk.syncFolder(at('none')))).toBe('ENOENT');
  });

  test('the helpers over it', async () => {
    await writeWhole(disk, at('p', 'q', 'a'), Buffer.from('one'));
    await writeWhole(disk, at('p', 'q', 'a'), Buffer.from('two'));
    expect(await text('p/q/a')).toBe('two');
    expect(await disk.readdir(at('p', 'q'))).toEqual(['a']);
    await ensureFolder(disk, at('p', 'r', 's'));
    expect(await disk.readdir(at('p'))).toEqual(['q', 'r']);
  });
});
