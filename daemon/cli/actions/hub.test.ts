import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeHubAddress } from '../../hub/address-file.ts';
import { hubToken } from '../../hub/token.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';

let dir: string;
beforeEach(() => (dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-hub-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function cli(...args: string[]) {
  const io = new FakeIo(dir, { MY_TOKEN: 'chosen-by-a-person' });
  const code = await runCli(['--data', dir, '--config', path.join(dir, 'rig.yaml'), 'hub', ...args], io);
  return { code, out: io.outLines, err: io.errLines.join('\n') };
}

test('the address that logs in is that of the daemon that runs', async () => {
  writeFileSync(path.join(dir, 'rig.yaml'), '');
  expect(await cli('url')).toMatchObject({ code: 69, out: [], err: expect.stringContaining('no hub runs') });
  expect(await cli('token')).toMatchObject({ code: 69, out: [], err: expect.stringContaining('there is no token') });
  const { token } = hubToken(dir, null);
  writeHubAddress(dir, { url: 'http://127.0.0.1:4711', pid: process.pid, mode: 'live', cert: null });
  expect(await cli('token')).toMatchObject({ code: 0, out: [token] });
  expect(await cli('url')).toMatchObject({ code: 0, out: [`http://127.0.0.1:4711/#token=${token}`] });
  expect(JSON.parse((await cli('url', '--json')).out.join(''))).toEqual({ url: 'http://127.0.0.1:4711', login_url: `http://127.0.0.1:4711/#token=${token}`, mode: 'live', pid: process.pid });
});

test('a token of the configuration comes first; one that others can read is not shown', async () => {
  writeFileSync(path.join(dir, 'rig.yaml'), 'hub: {token: {env: MY_TOKEN}}\n');
  expect(await cli('token')).toMatchObject({ code: 0, out: ['chosen-by-a-person'] });
  writeFileSync(path.join(dir, 'rig.yaml'), '');
  hubToken(dir, null);
  chmodSync(path.join(dir, 'hub.token'), 0o644);
  expect(await cli('token')).toMatchObject({ code: 69, out: [], err: expect.stringContaining('may be read by other users') });
});
