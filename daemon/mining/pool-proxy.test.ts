import dns from 'node:dns';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RigError } from '../../protocol/common/errors.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { readTrustedPool } from '../../protocol/stratum-v1/trusted-pools.ts';
import { startSimSocksProxy, type SimSocksOptions, type SimSocksProxy } from '../../sim/socks/proxy.ts';
import { selfSigned } from './certificate.fixture.ts';
import type { Job, SourceStatus } from './job.ts';
import { PoolSocket } from './pool-socket.ts';
import { politePool, ScriptedPool, send } from './scripted-pool.fixture.ts';
import { StratumV1Source, type StratumV1SourceOptions } from './stratum-v1-source.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startPool(secure?: { key: string; cert: string }): Promise<{ pool: ScriptedPool; port: number }> {
  const pool = new ScriptedPool(politePool, secure);
  cleanups.push(() => pool.close());
  return { pool, port: await pool.listen() };
}

/** Names that exist nowhere but in the proxy: whoever resolves them here fails. */
async function startProxy(port: number, options: Partial<SimSocksOptions> = {}): Promise<SimSocksProxy> {
  const local = { host: '127.0.0.1', port };
  const proxy = await startSimSocksProxy({ routes: { 'pool.invalid:3333': local, 'eu.pool.invalid:3334': local, 'abc.onion:3333': local, '203.0.113.5:3333': local, '2001:0db8:0000:0000:0000:0000:0000:0005:3333': local }, ...options });
  cleanups.push(() => proxy.close());
  return proxy;
}

function makeSource(url: string, proxy: string | null, options: Partial<StratumV1SourceOptions> = {}): { source: StratumV1Source; clock: ManualClock } {
  const clock = new ManualClock();
  const base = { id: 'p1', url, user: 'acc.rig', password: 'x', tls: null, versionMask: 0, suggestDifficulty: null, subscribeExtranonce: false, userAgent: 'rigbrain/test' };
  const source = new StratumV1Source({ ...base, proxy, ...options }, { clock, log: silentLog, random: () => 0 });
  cleanups.push(() => {
    const stopped = source.stop();
    clock.advance(10_000);
    return stopped;
  });
  return { source, clock };
}

const start = (source: StratumV1Source) => source.start(new AbortController().signal);
const nextJob = async (source: StratumV1Source) => ((await once(source.events, 'job')) as [Job])[0];
async function reaches(source: StratumV1Source, status: SourceStatus): Promise<void> {
  while (source.state().status !== status) await once(source.events, 'change');
}

describe('a pool through a SOCKS proxy', () => {
  it.each([
    ['stratum+tcp://pool.invalid:3333', 'name', 'pool.invalid'],
    ['stratum+tcp://abc.onion:3333', 'name', 'abc.onion'],
    ['stratum+tcp://203.0.113.5:3333', 'ipv4', '203.0.113.5'],
    ['stratum+tcp://[2001:db8::5]:3333', 'ipv6', '2001:0db8:0000:0000:0000:0000:0000:0005'],
  ])('mines at %s, and only the proxy hears the name', async (url, kind, host) => {
    const looked = vi.spyOn(dns, 'lookup');
    const { port } = await startPool();
    const proxy = await startProxy(port);
    const { source } = makeSource(url, proxy.url);
    await start(source);
    expect(await nextJob(source)).toMatchObject({ poolJobId: 'job1' });
    expect(proxy.requests).toMatchObject([{ kind, host, port: 3333 }]);
    expect(looked.mock.calls.filter(([name]) => name === host)).toEqual([]);
  });

  it('gives each source credentials of its own, the same at every connect', async () => {
    const { pool, port } = await startPool();
    const proxy = await startProxy(port);
    const one = makeSource('stratum+tcp://pool.invalid:3333', proxy.url);
    const two = makeSource('stratum+tcp://pool.invalid:3333', proxy.url, { id: 'p2' });
    await start(one.source);
    await nextJob(one.source);
    await start(two.source);
    await nextJob(two.source);
    for (const socket of pool.sockets) socket.destroy();
    await reaches(one.source, 'backing_off');
    const again = nextJob(one.source);
    one.clock.advance(2_000);
    await again;
    const [first, second, third] = proxy.requests;
    expect(first!.user).toMatch(/^[0-9a-f]{32}$/);
    expect(second!.user).not.toBe(first!.user);
    expect([third!.user, third!.password]).toEqual([first!.user, first!.password]);
    expect(JSON.stringify(one.source.state())).not.toContain(first!.password!);
  });

  it('offers no credentials with proxyIsolation off, and does without where the proxy wants none', async () => {
    const { port } = await startPool();
    const proxy = await startProxy(port);
    const plain = makeSource('stratum+tcp://pool.invalid:3333', proxy.url, { proxyIsolation: false });
    await start(plain.source);
    await nextJob(plain.source);
    const simple = await startProxy(port, { login: 'never' });
    const other = makeSource('stratum+tcp://pool.invalid:3333', simple.url);
    await start(other.source);
    await nextJob(other.source);
    expect([proxy.requests[0]!.user, simple.requests[0]!.user]).toEqual([null, null]);
  });

  it('checks the certificate of the pool by the name of the pool, not of the proxy', async (context) => {
    const folder = (): string => {
      const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-proxy-'));
      cleanups.push(() => rmSync(dir, { recursive: true }));
      return dir;
    };
    const right = selfSigned(folder(), { names: ['DNS:pool.invalid'] }) ?? context.skip('no openssl command on this machine');
    const wrong = selfSigned(folder(), { names: ['IP:127.0.0.1', 'DNS:localhost'] })!;
    const good = await startPool(right);
    const proxy = await startProxy(good.port);
    const { source } = makeSource('stratum+ssl://pool.invalid:3333', proxy.url, { tls: { ca: right.certFile } });
    await start(source);
    await nextJob(source);

    const bad = await startPool(wrong);
    const other = await startProxy(bad.port);
    const { source: refused } = makeSource('stratum+ssl://pool.invalid:3333', other.url, { tls: { ca: wrong.certFile } });
    await start(refused);
    await reaches(refused, 'backing_off');
    expect(refused.state().reason).toMatch(/pool\.invalid/);
    expect(bad.pool.lines).toEqual([]);

    const pinned = makeSource('stratum+ssl://pool.invalid:3333', other.url, { tls: { fingerprint_sha256: wrong.fingerprint } });
    await start(pinned.source);
    await nextJob(pinned.source);
  });

  it('follows a redirect within the domain through the same proxy, and none to a host that is not trusted', async () => {
    const { pool, port } = await startPool();
    const proxy = await startProxy(port);
    const trustedPools = ['pool.invalid:3333', 'pool.invalid:3334'].map((entry) => readTrustedPool(entry)!);
    const { source, clock } = makeSource('stratum+tcp://pool.invalid:3333', proxy.url, { trustedPools });
    await start(source);
    await nextJob(source);
    send(pool.sockets[0]!, { id: null, method: 'client.reconnect', params: ['eu.pool.invalid', 3335, 0] });
    send(pool.sockets[0]!, { id: null, method: 'client.reconnect', params: ['abc.onion', 3333, 0] });
    send(pool.sockets[0]!, { id: null, method: 'client.reconnect', params: ['eu.pool.invalid', 3334, 0] });
    await reaches(source, 'backing_off');
    const job = nextJob(source);
    clock.advance(2_000);
    await job;
    expect(proxy.requests.map(({ host, port }) => `${host}:${port}`)).toEqual(['pool.invalid:3333', 'eu.pool.invalid:3334']);
    expect(proxy.requests[1]!.user).toBe(proxy.requests[0]!.user);
  });

  it.each<[string, Partial<SimSocksProxy['faults']>, RegExp]>([
    ['an unknown name', { reply: 4 }, /the proxy could not reach pool\.invalid:3333: host unreachable/],
    ['a closed port', { reply: 5 }, /could not reach .*connection refused/],
    ['an onion service that is away', { reply: 0xf0 }, /could not reach .*onion service is not known/],
    ['rules of the proxy', { reply: 2 }, /the proxy 127\.0\.0\.1:\d+: its rules/],
    ['refused credentials', { refuseLogin: true }, /the proxy 127\.0\.0\.1:\d+: it refused the user and password/],
    ['a web server in its place', { garbage: 'HTTP/1.1 400 Bad Request\r\n\r\n' }, /the proxy 127\.0\.0\.1:\d+: it is an HTTP server/],
  ])('tells %s, and comes back', async (_, faults, words) => {
    const { port } = await startPool();
    const proxy = await startProxy(port);
    Object.assign(proxy.faults, faults);
    const { source, clock } = makeSource('stratum+tcp://pool.invalid:3333', proxy.url);
    await start(source);
    await reaches(source, 'backing_off');
    expect(source.state().reason).toMatch(words);
    Object.assign(proxy.faults, { reply: null, refuseLogin: false, garbage: null });
    const job = nextJob(source);
    clock.advance(2_000);
    await job;
  });

  it.each([
    ['greeting', /^the proxy 127\.0\.0\.1:\d+ did not answer within 30 s/],
    ['connect', /^the proxy 127\.0\.0\.1:\d+ did not connect to pool\.invalid:3333 within 30 s/],
  ] as const)('does not wait for ever for a proxy that is silent after %s', async (silent, words) => {
    const { port } = await startPool();
    const proxy = await startProxy(port);
    proxy.faults.silent = silent;
    const { source, clock } = makeSource('stratum+tcp://pool.invalid:3333', proxy.url);
    await start(source);
    if (silent === 'connect') await vi.waitFor(() => expect(proxy.requests).toHaveLength(1));
    // The clock runs until the deadline that is set by then; how many steps that takes is the network's affair.
    await vi.waitFor(() => {
      clock.advance(30_000);
      expect(source.state().reason).toMatch(words);
    });
  });

  it('says that the proxy itself is not there', async () => {
    const { port } = await startPool();
    const proxy = await startProxy(port);
    await proxy.close();
    cleanups.splice(cleanups.length - 1, 1);
    const { source } = makeSource('stratum+tcp://pool.invalid:3333', proxy.url);
    await start(source);
    await reaches(source, 'backing_off');
    expect(source.state().reason).toMatch(/^the proxy 127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/);
  });

  it.each([
    ['stratum+tcp://pool.invalid:3333', 'socks5://127.0.0.1:9050', 'E_POOL_PROXY'],
    ['stratum+tcp://abc.onion:3333', null, 'E_POOL_URL'],
  ])('refuses %s with %s at once', (url, proxy, code) => {
    expect(() => makeSource(url, proxy)).toThrow(expect.objectContaining({ code }));
  });
});

function resolveAllTo(address: string): void {
  const answered = (_name: string, options: { all?: boolean }, answer: (error: null, found: unknown, family?: number) => void): void => (options.all === true ? answer(null, [{ address, family: 4 }]) : answer(null, address, 4));
  vi.spyOn(dns, 'lookup').mockImplementation(answered as never);
}

describe('a redirect without a proxy', () => {
  it('is not followed into a private network by a name, unless the pool is there itself', async () => {
    const { pool, port } = await startPool();
    resolveAllTo('127.0.0.1');
    const inside = makeSource(`stratum+tcp://pool.invalid:${port}`, null);
    await start(inside.source);
    await nextJob(inside.source);
    // The pool is on a private address, so it may name another one.
    send(pool.sockets[0]!, { id: null, method: 'client.reconnect', params: ['eu.pool.invalid', port, 0] });
    await reaches(inside.source, 'backing_off');
    const job = nextJob(inside.source);
    inside.clock.advance(2_000);
    expect((await job).session).toBe(2);
  });

  it('has its name looked up, and is given up when that leads into a private network', async () => {
    const { pool, port } = await startPool();
    resolveAllTo('127.0.0.1');
    const refused = await new Promise<RigError>((resolve) => {
      const socket = new PoolSocket({ host: 'eu.pool.invalid', port, tls: null, publicOnly: true, connectTimeoutMs: 10_000 }, new ManualClock(), { onConnect: () => expect.unreachable(), onData: () => undefined, onClose: resolve });
      socket.open();
    });
    expect(refused).toMatchObject({ code: 'E_POOL_CONNECT', message: expect.stringContaining('private network') });
    expect(pool.connections).toBe(0);
  });
});
