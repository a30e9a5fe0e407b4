import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { JsonObject } from '../../brainstem/contract.ts';
import type { Disk, DiskFile } from '../disk/disk.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import type { Damage, JournalOptions } from './contract.ts';
import type { ReadRecord } from './cursor.ts';
import { readJournal, type ReadOptions } from './reader.ts';
import type { NewRecord } from './record.ts';

/** A record whose id is its number in the test. */
export function sample(n: number, text = 'x'): NewRecord {
  return { at: 1_790_000_000_000 + n, zone: -360, kind: 'ledger', category: 'Ledgers', bucket: '2026/11/W47/20/14', id: `entry-${n}`, entryText: JSON.stringify({ n, text }) };
}

export function samples(from: number, to: number, text = 'x'): NewRecord[] {
  return Array.from({ length: to - from + 1 }, (_, i) => sample(from + i, text));
}

const openFiles = new Set<DiskFile>();

/** The real disk, which remembers what is open: a test that lets a journal die leaves its file to `inFolder`. */
export const testDisk: Disk = {
  ...nodeDisk,
  async open(file, mode) {
    const inner = await nodeDisk.open(file, mode);
    openFiles.add(inner);
    const close = inner.close.bind(inner);
    inner.close = async () => {
      openFiles.delete(inner);
      await close();
    };
    return inner;
  },
};

/** Files open through `testDisk`. */
export function openCount(): number {
  return openFiles.size;
}

/** Runs a test in a folder of its own. */
export async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const base = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-journal-'));
  try {
    await test(path.join(base, 'journal'));
  } finally {
    for (const file of [...openFiles]) await file.close();
    rmSync(base, { recursive: true, force: true });
  }
}

/** Small segments, a clock that stands still unless told. */
export function optionsFor(folder: string, more: Partial<JournalOptions> = {}): JournalOptions {
  return { disk: testDisk, folder, now: () => 1_790_000_000_000, segmentBytes: 64 * 1024, preallocateBytes: 16 * 1024, views: (): JsonObject[] => [], ...more };
}

export interface Read {
  readonly found: ReadRecord[];
  readonly ids: string[];
  readonly damage: Damage[];
}

export async function readAll(folder: string, options: ReadOptions = {}, disk: Disk = testDisk): Promise<Read> {
  const found: ReadRecord[] = [];
  const damage: Damage[] = [];
  for await (const read of readJournal(disk, folder, { ...options, onDamage: (one) => damage.push(one) })) found.push(read);
  return { found, ids: found.map(({ record }) => record.id), damage };
}

/** `entry-1` to `entry-n`. */
export function idsTo(last: number, first = 1): string[] {
  return samples(first, last).map(({ id }) => id);
}

/** A call about to be made. `target`: path, or for a file's calls the path it was opened with. */
export interface DiskCall {
  readonly name: keyof Disk | `file.${keyof DiskFile}`;
  readonly target: string;
}

/** A disk that asks before every call; what `before` throws is the call's error, and the call is not made. */
export function watchedDisk(before: (call: DiskCall) => void, inner: Disk = testDisk): Disk {
  const ask = async <T>(name: DiskCall['name'], target: string, go: () => Promise<T>): Promise<T> => {
    before({ name, target });
    return go();
  };
  return {
    open: (file, mode) => ask('open', file, async () => watchedFile(await inner.open(file, mode), file, ask)),
    stat: (file) => ask('stat', file, () => inner.stat(file)),
    readdir: (folder) => ask('readdir', folder, () => inner.readdir(folder)),
    mkdir: (folder) => ask('mkdir', folder, () => inner.mkdir(folder)),
    link: (file, name) => ask('link', file, () => inner.link(file, name)),
    rename: (from, to) => ask('rename', to, () => inner.rename(from, to)),
    unlink: (file) => ask('unlink', file, () => inner.unlink(file)),
    rmdir: (folder) => ask('rmdir', folder, () => inner.rmdir(folder)),
    syncFolder: (folder) => ask('syncFolder', folder, () => inner.syncFolder(folder)),
  };
}

type Ask = <T>(name: DiskCall['name'], target: string, go: () => Promise<T>) => Promise<T>;

function watchedFile(inner: DiskFile, file: string, ask: Ask): DiskFile {
  return {
    read: (into, position) => ask('file.read', file, () => inner.read(into, position)),
    write: (bytes, position) => ask('file.write', file, () => inner.write(bytes, position)),
    datasync: () => ask('file.datasync', file, () => inner.datasync()),
    truncate: (bytes) => ask('file.truncate', file, () => inner.truncate(bytes)),
    stat: () => ask('file.stat', file, () => inner.stat()),
    // A handle is closed whatever happens: the test process has only so many.
    close: () => inner.close(),
  };
}

export function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: made by the test`), { code });
}
