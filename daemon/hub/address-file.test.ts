import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { HUB_ADDRESS_NAME, readHubAddress, removeHubAddress, writeHubAddress } from './address-file.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-hub-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const address = { url: 'http://127.0.0.1:8080', pid: process.pid, mode: 'demo', cert: null };

test('the address of a hub stands in the data folder as long as its daemon lives', () => {
  expect(readHubAddress(dir)).toBeNull();
  writeHubAddress(dir, address);
  expect(readHubAddress(dir)).toMatchObject(address);
  expect(readdirSync(dir)).toEqual([HUB_ADDRESS_NAME]);
  removeHubAddress(dir, process.pid + 1);
  expect(readHubAddress(dir)).toMatchObject(address);
  removeHubAddress(dir, process.pid);
  expect(readdirSync(dir)).toEqual([]);
});

test('what a killed daemon left, or anything else of that name, is no address', () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeHubAddress(dir, { ...address, pid });
  expect(readHubAddress(dir)).toBeNull();
  // Its number is another process's now, which may listen at its port, too: it is not sent the token.
  writeHubAddress(dir, address);
  const written = JSON.parse(readFileSync(path.join(dir, HUB_ADDRESS_NAME), 'utf8')) as { process_start: string | null };
  if (process.platform === 'linux') {
    expect(written.process_start).toMatch(/^\d+$/);
    writeFileSync(path.join(dir, HUB_ADDRESS_NAME), JSON.stringify({ ...written, process_start: `${written.process_start!}1` }));
    expect(readHubAddress(dir)).toBeNull();
  }
  for (const text of ['', '{}', '[1]', '{"url":"ftp://x","pid":1,"mode":"live","cert":null}', '{"url":"http://x/","pid":-1}']) {
    writeFileSync(path.join(dir, HUB_ADDRESS_NAME), text);
    expect(readHubAddress(dir), text).toBeNull();
    removeHubAddress(dir, process.pid);
  }
});
