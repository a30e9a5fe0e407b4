import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeIo } from '../fake-io.fixture.ts';
import { doctor } from './doctor.ts';
import { fakeMachine, type FakeParts } from './fake-machine.fixture.ts';
import type { Finding } from './finding.ts';
import { thisMachine } from './machine.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-doctor-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function visit(yaml: string, parts: FakeParts = {}) {
  const config = path.join(dir, 'rig.yaml');
  writeFileSync(config, yaml);
  const io = new FakeIo(dir);
  const code = await doctor(io, { json: true, data: null, config }, fakeMachine(parts));
  const { findings } = JSON.parse(io.stdout) as { findings: Finding[] };
  return { code, find: (check: string) => findings.find((finding) => finding.check === check) };
}

const NO_BROKER = 'mqtt: {enabled: false}\n';

describe('doctor', () => {
  it('fails with 69 when a pool does not answer, and says what to do', async () => {
    const yaml = `${NO_BROKER}pools:\n  - {id: near, url: "stratum+tcp://near:3333"}\n  - {id: far, url: "stratum+tcp://far:3333"}\n`;
    const { code, find } = await visit(yaml, { unreachable: { 'far:3333': 'no answer within 3 s' } });
    expect(code).toBe(69);
    expect(find('pool near')).toMatchObject({ status: 'ok' });
    expect(find('pool far')).toMatchObject({ status: 'fail', detail: 'far:3333: no answer within 3 s', fix: expect.any(String) });
  });

  it('only warns without a broker: mining goes on without it', async () => {
    const server = net.createServer();
    const port = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as net.AddressInfo).port)));
    await new Promise((resolve) => server.close(resolve));
    const { code, find } = await visit(`mqtt: {url: "mqtt://127.0.0.1:${port}"}\n`);
    expect(code).toBe(0);
    expect(find('MQTT broker')).toMatchObject({ status: 'warn', detail: expect.stringContaining(`127.0.0.1:${port}`) });
  });

  it('looks at the rest of the machine although the configuration is wrong', async () => {
    const { code, find } = await visit('mqtt: {enabeld: false}\n');
    expect(code).toBe(69);
    expect(find('configuration')).toMatchObject({ status: 'fail', fix: 'Run `rigbrain check` and correct what it names.' });
    expect(find('node version')).toMatchObject({ status: 'ok' });
  });

  it('looks at the hash kernel that the configuration names, not at another', async () => {
    const cpu = (kernel: string): string => `${NO_BROKER}devices:\n  - {id: cpu, driver: cpu, options: {kernel: ${kernel}}}\n`;
    const named = await visit(cpu('js'));
    expect(named.find('hash kernel')).toMatchObject({ status: 'ok', detail: expect.stringMatching(/^js \(/) });
    const foreign = process.arch === 'x64' ? 'neon' : 'avx512';
    const missing = await visit(cpu(foreign));
    expect(missing.code).toBe(69);
    expect(missing.find('hash kernel')).toMatchObject({ status: 'fail', detail: expect.stringContaining(`"${foreign}" cannot run here`), fix: 'Use one of those, or auto.' });
  });

  it('prints one line a finding and its fix below', async () => {
    writeFileSync(path.join(dir, 'rig.yaml'), NO_BROKER);
    const io = new FakeIo(dir);
    expect(await doctor(io, { json: false, data: null, config: path.join(dir, 'rig.yaml') }, fakeMachine({ nodeVersion: '18.1.0' }))).toBe(69);
    const at = io.outLines.findIndex((line) => line.startsWith('fail    node version: 18.1.0'));
    expect(io.outLines[at + 1]).toBe('        fix: Install Node.js 20.19 or newer.');
  });
});

describe('this machine', () => {
  it('connects within the deadline or says why not', async () => {
    const server = net.createServer((socket) => socket.end());
    const port = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as net.AddressInfo).port)));
    expect(await thisMachine.connect('127.0.0.1', port, 3000)).toBeNull();
    await new Promise((resolve) => server.close(resolve));
    expect(await thisMachine.connect('127.0.0.1', port, 3000)).toContain('ECONNREFUSED');
  });

  it('takes missing commands, files and links for unknown', async () => {
    expect(await thisMachine.run('rigbrain-no-such-command', [])).toBeNull();
    expect(await thisMachine.run('false', [])).toBeNull();
    expect((await thisMachine.run('echo', ['hello']))?.trim()).toBe('hello');
    expect([thisMachine.read('/no/such/file'), thisMachine.link('/no/such/link'), thisMachine.freeBytes('/no/such/folder')]).toEqual([null, null, null]);
    expect(thisMachine.freeBytes('/')).toBeGreaterThan(0);
  });
});
