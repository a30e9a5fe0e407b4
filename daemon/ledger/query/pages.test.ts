import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Disk } from '../disk/disk.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import { JournalFiles } from './journal-files.fixture.ts';
import { JournalPages } from './pages.ts';

let dir: string;
let files: JournalFiles;
let opened: string[];
const disk: Disk = {
  ...nodeDisk,
  open(file, mode) {
    opened.push(path.basename(file));
    return nodeDisk.open(file, mode);
  },
};
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-pages-'));
  files = new JournalFiles(dir);
  opened = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Every page, until there is no older one. */
async function pagesOf(limit: number, kind?: string): Promise<number[][]> {
  const pages = new JournalPages(disk, files.folder);
  const all: number[][] = [];
  for (let before: number | null | undefined; before !== null; ) {
    const page = await pages.page({ before, limit, kind });
    all.push(page.records.map(({ seq }) => seq));
    before = page.nextBefore;
    if (all.length > 1000) throw new Error('the pages have no end');
  }
  return all;
}

const countdown = (from: number): number[] => Array.from({ length: from }, (_, i) => from - i);

test('pages follow one another without a gap, through plain and packed segments, newest first', async () => {
  expect(await pagesOf(3)).toEqual([[]]);
  for (const [segment, count] of [5, 1, 7, 4].entries()) {
    if (segment === 0) files.segment();
    for (let i = 0; i < count; i++) files.add('submission', { text: 'ä'.repeat(40_000 * (i % 3)) });
    if (segment === 1) files.pack();
    else files.segment();
  }
  files.flush();
  for (const limit of [1, 2, 5, 100]) {
    const pages = await pagesOf(limit);
    expect(pages.flat(), `limit ${limit}`).toEqual(countdown(17));
    expect(pages.every((page) => page.length <= limit)).toBe(true);
  }
});

test('lines that are torn, damaged or void are passed over', async () => {
  files.segment();
  files.add('ledger', { id: 'a' });
  files.note({ p: [] }).raw('00000000 {"x":"damaged"}\n');
  files.add('ledger', { id: 'b' });
  files.add('ledger', { id: 'void' });
  // The third was never durable: the next segment gives its number out again.
  files.segment(undefined, 2);
  files.add('ledger', { id: 'c' });
  files.raw('1234abcd {"x":"tor').flush('');
  const { records } = await new JournalPages(disk, files.folder).page({ limit: 10 });
  expect(records.map(({ seq, id }) => `${seq} ${id}`)).toEqual(['3 c', '2 b', '1 a']);
});

test('a rare kind is found page by page, and no page reads more than a few segments', async () => {
  files.segment();
  files.add('look_at', {});
  for (let segment = 0; segment < 20; segment++) {
    files.segment();
    for (let i = 0; i < 3; i++) files.add('submission', {});
  }
  files.flush();
  const pages = await pagesOf(10, 'look_at');
  expect(pages.flat()).toEqual([1]);
  expect(pages).toHaveLength(7);
  // One journal for all: headers are read once.
  const reader = new JournalPages(disk, files.folder);
  await reader.page({ limit: 10, before: 4 });
  opened = [];
  const far = await reader.page({ limit: 2, before: 31 });
  expect(far.records.map(({ seq }) => seq)).toEqual([30, 29]);
  expect(opened.length).toBeLessThan(8);
});

test('the newest page of a large segment does not read all of it', async () => {
  files.segment();
  for (let i = 0; i < 3000; i++) files.add('submission', { text: 'x'.repeat(300) });
  files.flush('\n'.repeat(1_000_000));
  let bytes = 0;
  const counting: Disk = {
    ...nodeDisk,
    async open(file, mode) {
      const handle = await nodeDisk.open(file, mode);
      return { ...handle, stat: () => handle.stat(), close: () => handle.close(), read: async (into, position) => ((bytes += into.length), handle.read(into, position)) } as typeof handle;
    },
  };
  const { records, nextBefore } = await new JournalPages(counting, files.folder).page({ limit: 20 });
  expect([records[0]?.seq, records.length, nextBefore]).toEqual([3000, 20, 2981]);
  expect(bytes).toBeLessThan(1_300_000);
});
