import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSimPool } from '../../../sim/pool/pool.ts';
import { startSimSocksProxy } from '../../../sim/socks/proxy.ts';
import { loadVectors } from '../../../test/vectors.ts';
import { selfSigned } from '../../mining/certificate.fixture.ts';
import type { ProbeReport } from '../../mining/probe/pool-probe.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';

const ME = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
let dir: string;
const cleanups: (() => unknown)[] = [];
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-pools-'));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  rmSync(dir, { recursive: true, force: true });
});

async function simPool(options: Parameters<typeof startSimPool>[0] = {}) {
  const pool = await startSimPool(options);
  cleanups.push(() => pool.close());
  return pool;
}

async function pools(yaml: string, argv: string[] = [], env: Record<string, string> = {}) {
  writeFileSync(path.join(dir, 'rig.yaml'), yaml);
  const io = new FakeIo(dir, env);
  const code = await runCli(['pools', '--config', path.join(dir, 'rig.yaml'), ...argv], io);
  return { code, io, reports: argv.includes('--json') ? (JSON.parse(io.stdout) as ProbeReport[]) : [] };
}

describe('rigbrain pools', () => {
  it('tells of each configured pool what it gives and whom it pays', async () => {
    const [one, two] = [await simPool(), await simPool()];
    const { code, io } = await pools(`pools:\n  - {id: one, url: "${one.url}", user: acc.rig}\n  - {id: two, url: "${two.url}", user: "${ME}.rig"}\n  - {id: three, url: "stratum+tcp://127.0.0.1:1", user: x, enabled: false}\n`);
    expect(code).toBe(0);
    expect(io.stdout).toMatch(/^one {2}stratum\+tcp:\/\/127\.0\.0\.1:\d+ {2}acc\.rig\n {2}usable {3}it lets us in and gives work\n {2}TLS {6}none: anybody/m);
    expect(io.stdout).toMatch(/ {2}work {5}difficulty \S+, version mask 1fffe000, extranonce 4 \+ 8 bytes, height \d+\n {2}payout {3}pays .*\n {2}time {5}connect \d+ ms, login \d+ ms, first job \d+ ms/);
    expect(io.stdout).toMatch(new RegExp(`${ME} is not in it`));
    expect(io.stdout).not.toContain('three');
    expect([one.stats().accepted, one.stats().rejected]).toEqual([0, 0]);
  });

  it('gives a program the same', async () => {
    const pool = await simPool();
    const { code, reports } = await pools('', ['--json', '--url', pool.url, '--user', 'acc.rig']);
    expect(code).toBe(0);
    expect(reports).toMatchObject([{ usable: true, problem: null, reached: 'job', user: 'acc.rig', certificate: null, job: { version_mask: '1fffe000', extranonce1_bytes: 4, extranonce2_bytes: 8 }, payout: { verdict: 'pays_pool' } }]);
    for (const value of Object.values(reports[0]!.ms)) expect(value).toBeGreaterThanOrEqual(0);
  });

  it('says why one cannot be used, and ends with 69', async () => {
    const [good, bad] = [await simPool(), await simPool({ authorize: () => false })];
    const closed = await startSimPool();
    await closed.close();
    const { code, reports } = await pools(
      `pools:\n  - {id: good, url: "${good.url}", user: acc.rig}\n  - {id: refuses, url: "${bad.url}", user: acc.rig, password: {env: POOL_SECRET}}\n  - {id: away, url: "stratum+tcp://127.0.0.1:1", user: x}\n`,
      ['--json'],
      { POOL_SECRET: 'marker-sesame' },
    );
    expect(code).toBe(69);
    expect(reports.map(({ id, usable, reached }) => [id, usable, reached])).toEqual([
      ['good', true, 'job'],
      ['refuses', false, 'connection'],
      ['away', false, 'nothing'],
    ]);
    expect(reports[1]!.problem).toMatch(/refused/);
    expect(reports[2]!.problem).toMatch(/ECONNREFUSED/);
    expect(JSON.stringify(reports)).not.toContain('sesame');
  });

  it('shows the fingerprint to pin, and takes the pool once it is pinned', async (context) => {
    const own = selfSigned(dir) ?? context.skip('no openssl command on this machine');
    const pool = await simPool({ tls: own });
    const first = await pools(`pools:\n  - {url: "${pool.url}", user: acc.rig}\n`);
    expect(first.code).toBe(69);
    expect(first.io.stdout).toMatch(/unusable the certificate is self-signed/);
    expect(first.io.stdout).toMatch(/TLS {6}issued by CN=rigbrain test, valid for 1 days/);
    const fingerprint = /fingerprint_sha256 ([0-9a-f]{64})/.exec(first.io.stdout)![1]!;
    expect(fingerprint).toBe(own.fingerprint.replaceAll(':', '').toLowerCase());
    const second = await pools(`pools:\n  - {url: "${pool.url}", user: acc.rig, tls: {fingerprint_sha256: ${fingerprint}}}\n`);
    expect([second.code, second.io.stdout]).toEqual([0, expect.stringContaining('usable   it lets us in')]);
  });

  it('does not take a pool whose jobs do not pay the configured address when that is to be left', async () => {
    const pool = await simPool();
    const { code, reports } = await pools(`pools:\n  - {url: "${pool.url}", user: acc.rig, payout_address: ${ME}, payout_action: leave}\n`, ['--json']);
    expect([code, reports[0]!.usable, reports[0]!.payout!.verdict]).toEqual([69, false, 'does_not_pay_expected']);
    expect(reports[0]!.problem).toMatch(/E_POOL_PAYOUT: its jobs do not pay/);
  });

  it('goes through the proxy', async () => {
    const pool = await simPool();
    const proxy = await startSimSocksProxy({ routes: { 'pool.invalid:3333': { host: '127.0.0.1', port: pool.port } } });
    cleanups.push(() => proxy.close());
    const { code } = await pools(`mining: {proxy: "${proxy.url}"}\npools:\n  - {url: "stratum+tcp://pool.invalid:3333", user: acc.rig}\n`);
    expect([code, proxy.requests.map(({ host }) => host)]).toEqual([0, ['pool.invalid']]);
  });

  it('gives up on a pool that sends no job', async () => {
    const pool = await simPool();
    pool.faults.halfOpen = true;
    const { code, reports } = await pools(`pools:\n  - {url: "${pool.url}", user: acc.rig}\n`, ['--json', '--timeout', '0.5']);
    expect([code, reports[0]!.problem]).toEqual([69, expect.stringMatching(/^no job within 0\.5 s/)]);
  });

  it('looks at your own node, too', async (context) => {
    const { vectors } = loadVectors<{ vectors: { getblocktemplate: { previousblockhash: string } }[] }>(context, 'stratum/gbt_regtest.json');
    const template = vectors[0]!.getblocktemplate;
    const called: string[] = [];
    const node = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        const { id, method, params } = JSON.parse(body) as { id: unknown; method: string; params: { mode?: string }[] };
        called.push(method);
        // A block that is only proposed is found good by saying nothing (BIP23).
        const answer = params[0]?.mode === 'proposal' ? null : template;
        const result = { getblockchaininfo: { chain: 'regtest', initialblockdownload: false }, getblocktemplate: answer, getbestblockhash: template.previousblockhash }[method] ?? null;
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ id, result, error: null }));
      });
    });
    await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => new Promise((resolve) => node.close(resolve)));
    const { port } = node.address() as AddressInfo;
    const { code, reports } = await pools(`pools:\n  - {url: "http://127.0.0.1:${port}", user: u, payout_address: bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080, long_poll: false}\n`, ['--json']);
    expect([code, reports[0]!.problem]).toEqual([0, null]);
    expect(reports[0]!.payout).toMatchObject({ verdict: 'pays_expected', paid_percent: 100, height: 22 });
    expect(called).not.toContain('submitblock');
  });
});
