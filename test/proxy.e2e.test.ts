/** The daemon mines through a SOCKS5 proxy, plain and with TLS, for pools whose names exist nowhere but in the proxy. */
import { afterEach, expect, test } from 'vitest';
import { selfSigned } from '../daemon/mining/certificate.fixture.ts';
import { startSimPool } from '../sim/pool/pool.ts';
import { startSimSocksProxy } from '../sim/socks/proxy.ts';
import { startRigbrain, temporaryFolder } from './harness.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('shares reach an onion address and a TLS pool, each with credentials of its own at the proxy', async (context) => {
  const folder = temporaryFolder();
  cleanups.push(folder.remove);
  const own = selfSigned(folder.dir, { names: ['DNS:pool.invalid'] }) ?? context.skip('no openssl command on this machine');
  const plain = await startSimPool();
  const secure = await startSimPool({ tls: own });
  const proxy = await startSimSocksProxy({
    login: 'required',
    routes: { 'abcdefgh.onion:3333': { host: '127.0.0.1', port: plain.port }, 'pool.invalid:3443': { host: '127.0.0.1', port: secure.port } },
  });
  cleanups.push(() => plain.close(), () => secure.close(), () => proxy.close());
  const yaml = `
mining:
  live: true
  proxy: "${proxy.url}"
  pool_strategy: round-robin
  rotate_seconds: 0.5
  trusted_pools: [abcdefgh.onion, "pool.invalid:3443"]
pools:
  - { id: onion, url: "stratum+tcp://abcdefgh.onion:3333", user: acc.onion }
  - { id: secure, url: "stratum+ssl://pool.invalid:3443", user: acc.secure, tls: { ca: ${own.certFile} } }
mqtt: { enabled: false }
ledger: { preset: ssd }
`;
  const rig = startRigbrain([], { dataDir: folder.dir, yaml });
  cleanups.push(() => rig.stop('SIGKILL'));
  await expect.poll(() => [plain.stats().accepted > 0, secure.stats().accepted > 0], { timeout: 90_000 }).toEqual([true, true]);
  expect((await rig.stop()).code).toBe(0);

  const byHost = new Map(proxy.requests.map((request) => [request.host, request]));
  expect([...byHost.keys()].sort()).toEqual(['abcdefgh.onion', 'pool.invalid']);
  expect(byHost.get('abcdefgh.onion')!.user).not.toBe(byHost.get('pool.invalid')!.user);
  expect(proxy.requests.every(({ kind }) => kind === 'name')).toBe(true);
  // Whatever reached the pools came from the proxy: nothing else knows where they are.
  expect([plain.stats().bad_lines, secure.stats().bad_lines]).toEqual([0, 0]);
}, 120_000);
