import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../brainstem/contract.ts';
import { addsUp, bench, temporaryFolder, type Bench } from './kit.fixture.ts';

function tmpfs(skip: (reason: string) => void, size: string): string {
  const folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    skip(`cannot mount a tmpfs here (needs root): ${(error as Error).message.split('\n')[0]}`);
  }
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' }));
  return folder;
}

function remount(folder: string, options: string): void {
  execFileSync('mount', ['-o', `remount,${options}`, folder], { stdio: 'pipe' });
}

/** Every document of the tree parses; resolves with the entries in the global file. */
function checkedEntries({ files, read }: Bench): JsonObject[] {
  for (const file of files().filter((name) => name.endsWith('.json'))) read(file);
  return read('Submission_Logs/global_submission.json').submissions;
}

it('a disk that is really full: mining goes on, no file is damaged, every loss is counted, and all of it is made good', async (context) => {
  const dataDir = tmpfs((reason) => context.skip(reason), '512k');
  const room = bench({ dataDir });
  const { ledger, clock } = room;
  ledger.append('submission', { status: 'accepted', n: 0 });
  await ledger.flush();
  expect(ledger.stats().written).toBe(1);

  const filler = path.join(dataDir, 'filler');
  const { bavail, bsize } = statfsSync(dataDir);
  writeFileSync(filler, Buffer.alloc(bavail * bsize));
  for (let n = 1; n <= 20; n += 1) {
    ledger.append('submission', { status: 'accepted', n });
    await ledger.flush();
  }
  const full = ledger.stats();
  expect(full).toMatchObject({ accepted: 21, written: 1, queued: 0, degraded: true, last_error: expect.stringContaining('ENOSPC') });
  expect(full.backup + full.emergency + full.lost).toBe(20);
  expect(addsUp(full)).toBe(true);
  expect(checkedEntries(room)).toHaveLength(1);

  rmSync(filler);
  clock.advance(60_000);
  await ledger.flush();
  expect(ledger.stats()).toMatchObject({ written: 21, backup: 0, emergency: 0, lost: 0, degraded: false });
  expect(checkedEntries(room).map((entry) => entry.n)).toEqual(Array.from({ length: 21 }, (_, n) => n));
});

it('a disk that really turns read-only is told and made good', async (context) => {
  const dataDir = tmpfs((reason) => context.skip(reason), '1m');
  const room = bench({ dataDir });
  const { ledger, clock, base } = room;
  ledger.append('submission', { status: 'accepted', n: 0 });
  await ledger.flush();
  const before = readFileSync(path.join(base, 'Submission_Logs/global_submission.json'), 'utf8');
  remount(dataDir, 'ro');
  ledger.append('submission', { status: 'accepted', n: 1 });
  await ledger.flush();
  expect(ledger.stats()).toMatchObject({ written: 1, lost: 1, last_error: expect.stringContaining('EROFS') });
  expect(readFileSync(path.join(base, 'Submission_Logs/global_submission.json'), 'utf8')).toBe(before);
  remount(dataDir, 'rw');
  clock.advance(1000);
  await ledger.flush();
  expect(ledger.stats()).toMatchObject({ written: 2, lost: 0, degraded: false });
  expect(checkedEntries(room)).toHaveLength(2);
});
