import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeIo } from '../fake-io.fixture.ts';
import { testAlarms } from './alarms-test.ts';

let folder: string;
let server: Server;
let bodies: string[];
let port: number;

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-alarms-'));
  bodies = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      bodies.push(body);
      response.statusCode = request.url === '/good-topic' ? 200 : 403;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(yaml: string, io = new FakeIo(folder, { HOOK: `http://127.0.0.1:${port}/bad-topic` }), json = false): { io: FakeIo; code: Promise<number> } {
  const file = path.join(folder, 'rig.yaml');
  writeFileSync(file, yaml);
  return { io, code: testAlarms(io, { json, config: file, data: folder } as Parameters<typeof testAlarms>[1]) };
}

test('says of every webhook what came back, and shows no address', async () => {
  const { io, code } = run(`
node: { id: attic }
alarms: { webhooks: [{ url: "http://127.0.0.1:${port}/good-topic", format: ntfy }, { url_from: { env: HOOK } }] }
`);
  expect(await code).toBe(69);
  expect(io.outLines[0]).toMatch(/^webhook 1 \(127\.0\.0\.1\) \(ntfy\): taken with 200, \d+ ms$/);
  expect(io.outLines[1]).toMatch(/^webhook 2 \(json\): not taken: answered 403, \d+ ms$/);
  expect(io.stdout + io.stderr).not.toContain('topic');
  expect(bodies.some((body) => body === 'This is a test: alarms of attic arrive here.')).toBe(true);
});

test('without a webhook there is nothing to fail', async () => {
  const { io, code } = run('alarms: { enabled: false }');
  expect(await code).toBe(0);
  expect(io.stdout).toContain('no webhook is configured');
  expect(io.stderr).toContain('alarms.enabled is false');
});

test('an address in a secret that is none is refused without being shown', async () => {
  const { code } = run('alarms: { webhooks: [{ url_from: { env: HOOK } }] }', new FakeIo(folder, { HOOK: 'hunter2' }));
  await expect(code).rejects.toMatchObject({ code: 'E_CONFIG_INVALID', message: expect.not.stringContaining('hunter2') });
});
