import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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
  expect(readHubAddress(dir)).toEqual(address);
  expect(readdirSync(dir)).toEqual([HUB_ADDRESS_NAME]);
  removeHubAddress(dir, process.pid + 1);
  expect(readHubAddress(dir)).toEqual(address);
  removeHubAddress(dir, process.pid);
  expect(readdirSync(dir)).toEqual([]);
});

test('what a killed daemon left, or anything else of that name, is no address', () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeHubAddress(dir, { ...address, pid });
  expect(readHubAddress(dir)).toBeNull();
  for (const text of ['', '{}', '[1]', '{"url":"ftp://x","pid":1,"mode":"live","cert":null}', '{"url":"http://x/","pid":-1}']) {
    writeFileSync(path.join(dir, HUB_ADDRESS_NAME), text);
    expect(readHubAddress(dir), text).toBeNull();
    removeHubAddress(dir, process.pid);
  }
});
