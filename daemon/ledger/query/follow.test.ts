import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeDisk } from '../disk/node-disk.ts';
import { JournalFollower } from './follow.ts';
import { JournalFiles } from './journal-files.fixture.ts';

let dir: string;
let files: JournalFiles;
let follower: JournalFollower;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-follow-'));
  files = new JournalFiles(dir);
  files.segment();
  files.add('ledger', { id: 'old' });
  files.flush();
  follower = new JournalFollower(nodeDisk, files.folder, Date.now);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function poll(): Promise<string[]> {
  return (await follower.poll()).map((record) => record.id);
}

it('tells what came since the last look, once', async () => {
  await follower.skipToEnd();
  expect(follower.lastSeq).toBe(1);
  expect(await poll()).toEqual([]);
  files.add('ledger', { id: 'a' });
  files.flush();
  expect(await poll()).toEqual(['a']);
  expect(await poll()).toEqual([]);
});

it('goes on in the next segment, and finishes the one before it', async () => {
  await follower.skipToEnd();
  files.add('ledger', { id: 'a' });
  files.segment();
  files.add('ledger', { id: 'b' });
  files.segment();
  files.flush();
  expect(await poll()).toEqual(['a', 'b']);
  files.add('ledger', { id: 'c' });
  files.flush();
  expect(await poll()).toEqual(['c']);
});

it('waits for a line that is being written, and passes over one that stays torn', async () => {
  await follower.skipToEnd();
  files.add('ledger', { id: 'a' });
  files.raw('1234abcd {"x":"tor').flush();
  expect(await poll()).toEqual(['a']);
  files.segment();
  files.add('ledger', { id: 'b' });
  files.flush();
  expect(await poll()).toEqual(['b']);
});

it('tells again what was given an old number, and not what was written a second time', async () => {
  await follower.skipToEnd();
  files.add('ledger', { id: 'a' });
  files.add('ledger', { id: 'kept elsewhere' });
  files.flush();
  expect(await poll()).toEqual(['a', 'kept elsewhere']);
  files.segment(undefined, 1);
  files.add('ledger', { id: 'a' });
  files.add('ledger', { id: 'b' });
  files.flush();
  expect(await poll()).toEqual(['b']);
  expect(follower.lastSeq).toBe(3);
});

it('begins anew when the folder was emptied', async () => {
  files.segment().flush();
  await follower.skipToEnd();
  rmSync(dir, { recursive: true });
  files = new JournalFiles(dir);
  expect(await poll()).toEqual([]);
  files.segment();
  files.add('ledger', { id: 'first of the new ones' });
  files.flush();
  expect(await poll()).toEqual(['first of the new ones']);
});

it('does not read a journal that is at rest', async () => {
  let opened = 0;
  const counting = { ...nodeDisk, open: (file: string, mode: 'read') => ((opened += 1), nodeDisk.open(file, mode)) };
  follower = new JournalFollower(counting, files.folder, Date.now);
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(files.file, longAgo, longAgo);
  await follower.skipToEnd();
  expect(opened).toBe(1);
  await poll();
  expect(opened).toBe(1);
  files.add('ledger', { id: 'a' });
  files.flush();
  expect(await poll()).toEqual(['a']);
});
