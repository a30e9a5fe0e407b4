import { describe, expect, test } from 'vitest';
import { BLOCK } from './disk.ts';
import { readWhole, statOrNull, withFile } from './files.ts';
import { randomCut, type CutOptions } from './sim-content.fixture.ts';
import { SimDisk } from './sim-disk.fixture.ts';
import { uniform } from '../../../sim/random.fixture.ts';

const CUT: CutOptions = { kept: 0, torn: 0, garbage: 0, sector: BLOCK, collateral: false, uneven: false, names: 'folders' };
const NOTHING = CUT;
const ALL: CutOptions = { ...CUT, kept: 1 };

/** Creates a file and syncs it, and its name. */
async function put(disk: SimDisk, file: string, text: string): Promise<void> {
  await withFile(disk, file, 'create', async (handle) => {
    await handle.write(Buffer.from(text), 0);
    await handle.datasync();
  });
  await disk.syncFolder('/');
}

/** What a cut leaves of a file in each of many ways it can go; null where it is not there. */
function outcomes(disk: SimDisk, file: string, options: Partial<CutOptions>, count = 300): (string | null)[] {
  return Array.from({ length: count }, (_, seed) => {
    const left = disk.crash(uniform(seed), { ...CUT, kept: 0.5, ...options });
    return left.files().includes(file) ? left.bytes(file).toString('latin1') : null;
  });
}

const update = (disk: SimDisk, file: string, text: string, at = 0): Promise<void> => withFile(disk, file, 'update', (handle) => handle.write(Buffer.from(text), at));

describe('what a power cut leaves of a file', () => {
  test('everything that was synced', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', 'x'.repeat(3 * BLOCK));
    expect(disk.isDurable).toBe(true);
    for (let seed = 0; seed < 100; seed += 1) {
      const random = uniform(seed);
      expect(disk.crash(random, randomCut(random)).bytes('/a').equals(disk.bytes('/a'))).toBe(true);
    }
  });

  test('all or nothing of what was not, at the ends of luck', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', 'old');
    await update(disk, '/a', 'newer');
    expect(disk.isDurable).toBe(false);
    expect(disk.crash(uniform(1), NOTHING).bytes('/a').toString()).toBe('old');
    expect(disk.crash(uniform(1), ALL).bytes('/a').toString()).toBe('newer');
    expect(disk.bytes('/a').toString()).toBe('newer');
  });

  test('blocks in any mixture, whatever the order they were written in', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', 'o'.repeat(2 * BLOCK));
    await update(disk, '/a', 'n'.repeat(BLOCK), 0);
    await update(disk, '/a', 'n'.repeat(BLOCK), BLOCK);
    const found = new Set(outcomes(disk, '/a', {}).map((text) => `${text![0]}${text!.at(-1)}`));
    expect([...found].sort()).toEqual(['nn', 'no', 'on', 'oo']);
  });

  test('sectors of their own on media with small ones, and no others unless they suffer with their neighbours', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', 'o'.repeat(BLOCK));
    await update(disk, '/a', 'n'.repeat(1024), 512);
    const mixtures = new Set(outcomes(disk, '/a', { sector: 512 }).map((text) => [0, 512, 1024, 1536].map((at) => text![at]).join('')));
    expect([...mixtures].sort()).toEqual(['onno', 'onoo', 'oono', 'oooo']);
    const noise = (options: Partial<CutOptions>): boolean => outcomes(disk, '/a', { garbage: 1, ...options }).some((text) => text!.slice(1536) !== 'o'.repeat(BLOCK - 1536));
    expect(noise({ sector: 512 })).toBe(false);
    expect(noise({ sector: 512, collateral: true })).toBe(true);
    expect(noise({ sector: BLOCK })).toBe(true);
  });

  test('torn sectors: new up to some byte, old from there', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', 'o'.repeat(BLOCK));
    await update(disk, '/a', 'n'.repeat(BLOCK));
    const texts = outcomes(disk, '/a', { kept: 0, torn: 1 });
    expect(texts.every((text) => /^n*o*$/.test(text!))).toBe(true);
    expect(texts.filter((text) => /^n+o+$/.test(text!)).length).toBeGreaterThan(200);
  });

  test('a state between two syncs that a program had long overwritten', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', 'one');
    await update(disk, '/a', 'two');
    await update(disk, '/a', 'six');
    expect(new Set(outcomes(disk, '/a', {}))).toEqual(new Set(['one', 'two', 'six']));
  });

  test('a size without its data: NULs', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', '');
    await update(disk, '/a', 'x'.repeat(2 * BLOCK + 7));
    const texts = outcomes(disk, '/a', {});
    expect(new Set(texts.map((text) => text!.length))).toEqual(new Set([0, BLOCK, 2 * BLOCK, 2 * BLOCK + 7]));
    expect(texts.some((text) => text!.length > BLOCK && /^\0+$/.test(text!))).toBe(true);
    expect(texts.some((text) => text!.endsWith('\0') && text!.startsWith('x'))).toBe(true);
  });

  test('what a truncation gave back does not come again with what is written after it', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', 'o'.repeat(2 * BLOCK));
    await withFile(disk, '/a', 'update', async (handle) => {
      await handle.truncate(0);
      await handle.write(Buffer.from('n'.repeat(BLOCK + 1)), 0);
    });
    const texts = outcomes(disk, '/a', {});
    expect(new Set(texts.map((text) => text!.length))).toEqual(new Set([0, BLOCK, BLOCK + 1, 2 * BLOCK]));
    expect(texts.filter((text) => text!.length === BLOCK + 1).every((text) => !text!.includes('o'))).toBe(true);
    expect(texts.filter((text) => text!.length === 2 * BLOCK).some((text) => text!.includes('o'))).toBe(true);
  });

  test('nothing of what a failed sync was about, whatever later syncs say', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', 'old');
    disk.faults.failNext('EIO', 'datasync');
    await withFile(disk, '/a', 'update', async (handle) => {
      await handle.write(Buffer.from('new'), 0);
      await expect(handle.datasync()).rejects.toMatchObject({ code: 'EIO' });
      await handle.datasync();
      expect(disk.crash(uniform(1), NOTHING).bytes('/a').toString()).toBe('old');
      await handle.write(Buffer.from('new'), 0);
      await handle.datasync();
    });
    expect(disk.crash(uniform(1), NOTHING).bytes('/a').toString()).toBe('new');
  });

  test('nothing for sure on a disk that lies about syncing', async () => {
    const disk = new SimDisk();
    disk.lies = () => true;
    await put(disk, '/a', 'text');
    expect(disk.crash(uniform(1), NOTHING).files()).toEqual([]);
    expect(disk.crash(uniform(1), ALL).bytes('/a').toString()).toBe('text');
  });
});

describe('what a power cut leaves of names', () => {
  test('a synced file without a synced folder may have no name', async () => {
    const disk = new SimDisk();
    await withFile(disk, '/a', 'create', async (handle) => {
      await handle.write(Buffer.from('text'), 0);
      await handle.datasync();
    });
    expect(new Set(outcomes(disk, '/a', {}))).toEqual(new Set([null, 'text']));
    await disk.syncFolder('/');
    expect(new Set(outcomes(disk, '/a', {}))).toEqual(new Set(['text']));
  });

  test('a rename is whole, also between folders', async () => {
    const disk = new SimDisk();
    await disk.mkdir('/f');
    await put(disk, '/a', 'text');
    await disk.rename('/a', '/f/b');
    for (const names of ['journal', 'folders'] as const) {
      const states = Array.from({ length: 200 }, (_, seed) => disk.crash(uniform(seed), { ...CUT, kept: 0.5, names }).files().join());
      expect(new Set(states)).toEqual(new Set(['/a', '/f/b']));
    }
    await disk.syncFolder('/f');
    expect(disk.crash(uniform(1), NOTHING).files()).toEqual(['/f/b']);
  });

  test('in one order over the disk, or in each folder by itself', async () => {
    const disk = new SimDisk();
    await disk.mkdir('/f');
    await disk.mkdir('/g');
    await disk.syncFolder('/');
    for (const name of ['/f/1', '/g/2', '/f/3', '/g/4']) await disk.open(name, 'create');
    const states = (names: CutOptions['names']): Set<string> => new Set(Array.from({ length: 400 }, (_, seed) => disk.crash(uniform(seed), { ...CUT, kept: 0.5, names }).files().map((file) => file.at(-1)).sort().join('')));
    expect(states('journal')).toEqual(new Set(['', '1', '12', '123', '1234']));
    expect(states('folders')).toEqual(new Set(['', '1', '13', '2', '12', '123', '24', '124', '1234']));
  });

  test('syncing one folder says nothing about another, but takes what it rests on along', async () => {
    const disk = new SimDisk();
    await disk.mkdir('/f');
    await disk.mkdir('/g');
    await disk.syncFolder('/');
    await disk.open('/f/a', 'create');
    await disk.open('/g/b', 'create');
    await disk.rename('/f/a', '/g/a');
    await disk.open('/f/c', 'create');
    await disk.syncFolder('/g');
    expect(disk.crash(uniform(1), NOTHING).files()).toEqual(['/g/a', '/g/b']);
  });

  test('a folder that was not synced into its parent takes everything in it along', async () => {
    const disk = new SimDisk();
    await disk.mkdir('/f/g');
    await disk.open('/f/g/a', 'create');
    await disk.syncFolder('/f/g');
    await disk.syncFolder('/f');
    expect(disk.crash(uniform(1), NOTHING).files()).toEqual([]);
    expect(await statOrNull(disk.crash(uniform(1), NOTHING), '/f')).toBeNull();
    await disk.syncFolder('/');
    expect(disk.crash(uniform(1), NOTHING).files()).toEqual(['/f/g/a']);
  });

  test('a removed file that was not synced away comes back, with what it had', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', 'one');
    await disk.unlink('/a');
    await put(disk, '/other', '');
    expect(disk.crash(uniform(1), NOTHING).files()).toEqual(['/other']);
    await disk.unlink('/other');
    for (let i = 0; i < 600; i += 1) {
      await disk.open('/passing', 'create');
      await disk.unlink('/passing');
    }
    expect(disk.crash(uniform(1), NOTHING).files()).toEqual(['/other']);
  });

  test('a folder is gone only when what emptied it is', async () => {
    const disk = new SimDisk();
    await disk.mkdir('/f');
    await withFile(disk, '/f/a', 'create', (handle) => handle.datasync());
    await disk.syncFolder('/f');
    await disk.mkdir('/g');
    await disk.syncFolder('/');
    await disk.rename('/f/a', '/g/a');
    await disk.rmdir('/f');
    for (const names of ['journal', 'folders'] as const) {
      const states = Array.from({ length: 200 }, (_, seed) => disk.crash(uniform(seed), { ...CUT, kept: 0.5, names }));
      expect(new Set(states.map((left) => left.files().join()))).toEqual(new Set(['/f/a', '/g/a']));
    }
    await disk.syncFolder('/');
    const left = disk.crash(uniform(1), NOTHING);
    expect([left.files(), await left.readdir('/')]).toEqual([['/g/a'], ['g']]);
  });

  test('hard links survive one by one and stay one file', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', 'one');
    await disk.link('/a', '/b');
    expect(disk.nlink('/a')).toBe(2);
    const without = disk.crash(uniform(1), NOTHING);
    expect([without.files(), without.nlink('/a')]).toEqual([['/a'], 1]);
    const both = disk.crash(uniform(1), ALL);
    expect(both.nlink('/b')).toBe(2);
    await update(both, '/a', 'two');
    expect(both.bytes('/b').toString()).toBe('two');
    expect((await both.stat('/a')).ino).toBe((await both.stat('/b')).ino);
    expect(disk.bytes('/b').toString()).toBe('one');
  });
});

describe('copies', () => {
  test('a clone is what a killed process leaves: all that was written, as little durable as before', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', 'one');
    await update(disk, '/a', 'two');
    const clone = disk.clone();
    await update(disk, '/a', 'six');
    await disk.open('/b', 'create');
    expect(clone.bytes('/a').toString()).toBe('two');
    expect(clone.files()).toEqual(['/a']);
    expect(clone.crash(uniform(1), NOTHING).bytes('/a').toString()).toBe('one');
    await update(clone, '/a', 'ten');
    expect(disk.bytes('/a').toString()).toBe('six');
  });

  test('a disk after a cut is a disk: it can be written to and cut again', async () => {
    let disk = new SimDisk();
    await put(disk, '/a', 'one');
    const first = disk;
    for (let round = 0; round < 3; round += 1) {
      disk = disk.crash(uniform(round), NOTHING);
      await update(disk, '/a', `${round}`);
      await withFile(disk, '/a', 'update', (handle) => handle.datasync());
    }
    expect(disk.crash(uniform(9), NOTHING).bytes('/a').toString()).toBe('2ne');
    expect(first.bytes('/a').toString()).toBe('one');
  });

  test('the same seed gives the same state', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', 'x'.repeat(BLOCK));
    for (let i = 0; i < 20; i += 1) {
      await withFile(disk, `/${i}`, 'create', (handle) => handle.write(Buffer.from('y'.repeat(i * 999)), 0));
      await update(disk, '/a', `${i}`, i * 300);
    }
    const state = (seed: number): string[] => {
      const random = uniform(seed);
      const left = disk.crash(random, randomCut(random));
      return left.files().map((file) => `${file} ${left.bytes(file).toString('base64')}`);
    };
    for (let seed = 0; seed < 50; seed += 1) expect(state(seed)).toEqual(state(seed));
  });

  test('copies can be taken at every call', async () => {
    const disk = new SimDisk();
    const copies: SimDisk[] = [];
    disk.faults.onOp = () => void copies.push(disk.clone());
    await put(disk, '/a', 'one');
    expect(copies.map((copy) => copy.files().map((file) => copy.bytes(file).toString()))).toEqual([[], [''], ['one'], ['one']]);
    expect(copies.map((copy) => copy.isDurable)).toEqual([true, false, false, false]);
  });
});

describe('a disk with limits and faults', () => {
  test('a full disk takes what fits and refuses the rest; room comes back', async () => {
    const disk = new SimDisk({ capacity: 3 * BLOCK });
    await put(disk, '/a', 'x'.repeat(BLOCK));
    const written = withFile(disk, '/b', 'create', (handle) => handle.write(Buffer.alloc(4 * BLOCK, 'y'), 0));
    await expect(written).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(disk.bytes('/b').length).toBe(2 * BLOCK);
    await update(disk, '/a', 'z', BLOCK - 1);
    await expect(update(disk, '/a', 'zz', BLOCK - 1)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(disk.usedBytes).toBe(3 * BLOCK);
    await withFile(disk, '/b', 'update', (handle) => handle.truncate(BLOCK));
    await update(disk, '/a', 'zz', BLOCK - 1);
    await disk.unlink('/b');
    expect(disk.usedBytes).toBe(2 * BLOCK);
    expect(disk.crash(uniform(1), ALL).usedBytes).toBe(2 * BLOCK);
    expect(disk.clone().usedBytes).toBe(2 * BLOCK);
  });

  test('a file in use takes up room until it is closed, or the process is gone', async () => {
    const disk = new SimDisk({ capacity: 2 * BLOCK });
    await put(disk, '/a', 'x'.repeat(BLOCK));
    const handle = await disk.open('/a', 'read');
    await disk.unlink('/a');
    expect([disk.usedBytes, disk.clone().usedBytes]).toEqual([BLOCK, 0]);
    await handle.close();
    expect(disk.usedBytes).toBe(0);
  });

  test('numbers of removed files are given out again', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', '');
    await put(disk, '/b', '');
    const { ino } = await disk.stat('/a');
    await disk.unlink('/a');
    await put(disk, '/c', '');
    expect((await disk.stat('/c')).ino).toBe(ino);
  });

  test('faults by plan, by rule and once; a failing write may leave its first half', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', 'old!');
    disk.faults.failNext('EIO', 'write');
    await expect(update(disk, '/a', 'new!')).rejects.toMatchObject({ code: 'EIO', syscall: 'write', path: '/a' });
    expect(disk.bytes('/a').toString()).toBe('ned!');
    disk.faults.halfWrites = false;
    disk.faults.when = (op) => (op.path.startsWith('/locked') ? 'EROFS' : null);
    await expect(disk.open('/locked', 'create')).rejects.toMatchObject({ code: 'EROFS' });
    expect(disk.files()).toEqual(['/a']);
    disk.faults.failNext('EMFILE', (op) => op.call === 'open' && op.path === '/a');
    await expect(disk.open('/a', 'read')).rejects.toMatchObject({ code: 'EMFILE' });
    expect((await readWhole(disk, '/a')).toString()).toBe('ned!');
    expect(disk.faults.count('write')).toBe(2);
  });

  test('rot is durable and unseen', async () => {
    const disk = new SimDisk();
    await put(disk, '/a', 'good');
    disk.tamper('/a', (bytes) => Buffer.concat([bytes, Buffer.from('!')]));
    expect(disk.crash(uniform(1), NOTHING).bytes('/a').toString()).toBe('good!');
  });

  test('after the power is gone nothing ever answers', async () => {
    const disk = new SimDisk();
    disk.powerOff();
    const answer = Promise.race([disk.readdir('/'), disk.mkdir('/a'), new Promise((resolve) => setImmediate(() => resolve('silence')))]);
    expect(await answer).toBe('silence');
    expect(disk.files()).toEqual([]);
  });
});
