import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-check-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function check(yaml: string, argv: string[] = [], env: Record<string, string> = {}) {
  writeFileSync(path.join(dir, 'rig.yaml'), yaml);
  const io = new FakeIo(dir, env);
  return { code: await runCli(['check', '--config', path.join(dir, 'rig.yaml'), ...argv], io), io };
}

describe('check', () => {
  it('is content with a right configuration', async () => {
    const { code, io } = await check('node: {id: rig2}\n');
    expect([code, io.outLines.at(-1)]).toEqual([0, `ok: ${path.join(dir, 'rig.yaml')}`]);
    expect(io.stdout).not.toContain('error');
  });

  it('names every problem with file, line and column', async () => {
    const { code, io } = await check('nodes: {id: rig2}\nlog: {level: loud}\n');
    expect(code).toBe(78);
    expect(io.stdout).toMatch(/rig\.yaml:1:1: nodes: unknown key \(did you mean "node"\?\)/);
    expect(io.stdout).toMatch(/rig\.yaml:2:7: log\.level: must be one of/);
  });

  it('finds a webhook whose secret address is none, without showing it', async () => {
    const { code, io } = await check('alarms: {webhooks: [{url_from: {env: HOOK}}]}\n', [], { HOOK: 'hunter2' });
    expect(code).toBe(78);
    expect(io.stdout).toContain('E_CONFIG_INVALID: alarms.webhooks.0.url_from is not an address');
    expect(io.stdout).not.toContain('hunter2');
    expect((await check('alarms: {webhooks: [{url: "https://me:hunter2@host/x"}]}\n')).code).toBe(78);
  });

  it('finds a missing secret and an unusable data folder', async () => {
    const { code, io } = await check('mqtt: {password: {env: NOT_SET_ANYWHERE}}\n', ['--data', path.join(dir, 'rig.yaml'), '--json']);
    expect(code).toBe(78);
    const { ok, findings } = JSON.parse(io.stdout) as { ok: boolean; findings: { code: string; message: string }[] };
    expect(ok).toBe(false);
    expect(findings.map((finding) => finding.code)).toEqual([null, 'E_SECRET_MISSING', 'E_DATA_DIR']);
    expect(findings[2]!.message).toContain('is a file, not a folder');
  });

  it('finds pools that cannot be used, with the line they stand on', async () => {
    const { code, io } = await check('mining: {live: true}\npools:\n  - url: stratum+tcp://pool.example.org\n  - url: http://127.0.0.1:18443\n  - url: stratum+tcp://pool.example.org:3333\n    user: me\n');
    expect(code).toBe(78);
    expect(io.stdout).toMatch(/E_POOL_URL: .*rig\.yaml:3:5: pools\.0\.url: .*port is missing/);
    expect(io.stdout).toMatch(/E_ADDRESS_INVALID: .*rig\.yaml:4:5: pools\.1\.payout_address: is missing/);
    expect(io.stdout).not.toContain('pools.2');
  });

  it('finds bounds of a hunt that are none, with the line they stand on', async () => {
    const { code, io } = await check('simulation: {N_grid: 128, dim: 3}\nhunt:\n  bounds:\n    sncgl_c3: {min: 1, max: -1}\n');
    expect(code).toBe(78);
    expect(io.stdout).toMatch(/E_HUNT_SETTINGS: .*rig\.yaml:4:\d+: hunt\.bounds\.sncgl_c3: must be a range within/);
    expect((await check('hunt: {engine: bullmq}\n')).io.stdout).toMatch(/E_HUNT_QUEUE: .*rig\.yaml:1:\d+: hunt\.engine: bullmq needs hunt\.redis/);
    const few = await check('hunt: {surrogates: 8}\n');
    expect(few.code).toBe(0);
    expect(few.io.stdout).toMatch(/warning: .*rig\.yaml:1:\d+: hunt\.surrogates: with 8 no p-value is below 0\.11/);
    expect((await check('hunt: {surrogates: 19}\n')).io.stdout).not.toContain('surrogates');
  });

  it('finds a CA file that is not there, certificates that nobody checks, and keys of TLS where there is none', async () => {
    const { code, io } = await check('mining: {live: true}\npools:\n  - {url: "stratum+ssl://a.example:443", user: me, tls: {ca: /nowhere/ca.pem}}\n  - {url: "stratum+ssl://b.example:443", user: me, tls: {insecure: true}}\n');
    expect(code).toBe(78);
    expect(io.stdout).toMatch(/E_POOL_TLS: .*rig\.yaml:3:58: pools\.0\.tls\.ca: the CA file \/nowhere\/ca\.pem cannot be read/);
    expect(io.stdout).toMatch(/warning: .*rig\.yaml:4:58: pools\.1\.tls\.insecure: certificates are not checked/);
    const plain = await check(`mining: {live: true}\npools:\n  - {url: "stratum+tcp://a.example:443", user: me, tls: {fingerprint_sha256: "${'ab'.repeat(32)}"}}\n`);
    expect([plain.code, plain.io.stdout]).toEqual([78, expect.stringMatching(/rig\.yaml:3:58: pools\.0\.tls\.fingerprint_sha256: does nothing without TLS: write stratum\+ssl:\/\/ in url/)]);
  });

  it('finds a mistyped payout address, and warns of a pool without a worker name', async () => {
    const { code, io } = await check('mining: {live: true}\npools:\n  - url: http://127.0.0.1:18443\n    payout_address: bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt081\n  - url: stratum+tcp://pool.example.org:3333\n');
    expect(code).toBe(78);
    expect(io.stdout).toMatch(/error: E_ADDRESS_INVALID: .*rig\.yaml:4:5: pools\.0\.payout_address: .*typing mistake/);
    expect(io.stdout).toMatch(/warning: .*rig\.yaml:5:5: pools\.1\.user: is missing/);
  });

  it('warns of a LAN pool that is open to everybody, or to nobody', async () => {
    const open = await check('server: {enabled: true, host: 0.0.0.0}\n');
    expect(open.code).toBe(0);
    expect(open.io.stdout).toMatch(/warning: .*rig\.yaml:1:25: server\.host: whoever reaches 0\.0\.0\.0 may mine here/);
    expect((await check('server: {enabled: true}\n')).io.stdout).toMatch(/reachable from this machine only/);
    const locked = await check('server: {enabled: true, host: 0.0.0.0, password: {env: LAN}}\n', [], { LAN: 'x' });
    expect(locked.io.stdout).not.toMatch(/may mine here/);
    expect((await check('server: {enabled: true, host: 192.168.300.1}\n')).io.stdout).toMatch(/E_CONFIG_INVALID: .*server\.host: 192\.168\.300\.1 is not an IP address/);
    const wrong = await check('server: {enabled: true, allow: [192.168.1.0/24, 10.0.0.0/99]}\n');
    expect(wrong.code).toBe(78);
    expect(wrong.io.stdout).toMatch(/server\.allow\.1: "10\.0\.0\.0\/99" is neither an address nor a network/);
  });

  it('says which pools are switched off', async () => {
    const { code, io } = await check('mining: {live: true}\npools:\n  - url: stratum+tcp://pool.example.org:3333\n    user: me\n    enabled: false\n');
    expect(code).toBe(0);
    expect(io.stdout).toMatch(/warning: .*rig\.yaml:5:5: pools\.0\.enabled: is false: this pool is not used/);
    expect(io.stdout).toContain('every pool has enabled: false');
  });

  it('warns without failing', async () => {
    const { code, io } = await check('', [], { RIGBRAIN_MINNING__LIVE: 'true' });
    expect(code).toBe(0);
    expect(io.stdout).toContain('warning: environment variable RIGBRAIN_MINNING__LIVE is not a known setting and is ignored (did you mean RIGBRAIN_MINING__LIVE?)');
  });
});
