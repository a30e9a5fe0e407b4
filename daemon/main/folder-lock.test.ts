import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from './folder-lock.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
const linux = test.runIf(process.platform === 'linux');

linux('a second daemon on the same folder is refused until the first gives it back', async () => {
  const lock = await lockFolder(dir, path.join(dir, 'Mining'));
  await expect(lockFolder(dir, path.join(dir, 'Mining'))).rejects.toMatchObject({ code: 'E_DATA_DIR', message: expect.stringContaining(path.join(dir, 'Mining')) });
  await lock.release();
  await (await lockFolder(dir, path.join(dir, 'Mining'))).release();
});

linux('a link to the folder is the same folder', async () => {
  const link = `${dir}-link`;
  symlinkSync(dir, link);
  const lock = await lockFolder(dir, path.join(dir, 'Mining'));
  try {
    await expect(lockFolder(link, path.join(link, 'Mining'))).rejects.toMatchObject({ code: 'E_DATA_DIR' });
  } finally {
    await lock.release();
    rmSync(link);
  }
});

test("the folders of two modes do not get in each other's way", async () => {
  const lock = await lockFolder(dir, path.join(dir, 'Mining'));
  await (await lockFolder(dir, path.join(dir, 'Test/Demo/Mining'))).release();
  await lock.release();
});
