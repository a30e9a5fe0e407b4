import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { silentLog, type Log } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import type { Job, Share, SourceStatus } from './job.ts';
import type { TlsTrust } from '../tls-trust.ts';
import { selfSigned, type CertificateOptions } from './certificate.fixture.ts';
import { notify, politePool, ScriptedPool, send, type Script } from './scripted-pool.fixture.ts';
import { StratumV1Source, type StratumV1SourceOptions } from './stratum-v1-source.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startPool(script: Script = politePool, secure?: { key: string; cert: string }): Promise<{ pool: ScriptedPool; port: number }> {
  const pool = new ScriptedPool(script, secure);
  const port = await pool.listen();
  cleanups.push(() => pool.close());
  return { pool, port };
}

interface Recorded {
  readonly level: string;
  readonly text: string;
}

function recordingLog(records: Recorded[]): Log {
  const at = (level: string) => (fields: object, message?: string) => void records.push({ level, text: `${message ?? ''} ${JSON.stringify(fields)}` });
  const log: Log = { trace: at('trace'), debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log };
  return log;
}

function makeSource(url: string, options: Partial<StratumV1SourceOptions> = {}, log: Log = silentLog): { source: StratumV1Source; clock: ManualClock } {
  const clock = new ManualClock();
  const base = { id: 'p1', url, user: 'acc.rig', password: 'hunter2', tls: null, versionMask: 0x1fffe000, suggestDifficulty: null, subscribeExtranonce: false, userAgent: 'rigbrain/0.1.0' };
  const source = new StratumV1Source({ ...base, ...options }, { clock, log, random: () => 0 });
  cleanups.push(() => {
    // Nothing waits for an answer any more once the clock is past the grace time.
    const stopped = source.stop();
    clock.advance(10_000);
    return stopped;
  });
  return { source, clock };
}

const start = (source: StratumV1Source) => source.start(new AbortController().signal);

/** Resolves when the source is in the status; the events come from a real socket. */
async function reaches(source: StratumV1Source, status: SourceStatus): Promise<void> {
  while (source.state().status !== status) await once(source.events, 'change');
}

async function nextJob(source: StratumV1Source): Promise<Job> {
  return ((await once(source.events, 'job')) as [Job])[0];
}

function share(job: Job, changes: Partial<Share> = {}): Share {
  return {
    id: 'share-1',
    job,
    deviceId: 'cpu',
    extranonce2: Uint8Array.of(1, 0, 0, 0),
    ntime: job.ntime,
    nonce: 0x12345678,
    version: 0x20002000,
    versionBits: 0x2000,
    header: new Uint8Array(80),
    hash: new Uint8Array(32),
    difficulty: 1e-10,
    leadingZeros: 0,
    isBlock: false,
    foundAt: 0,
    ...changes,
  };
}

describe('StratumV1Source', () => {
  it('turns a notify into a job with its session, difficulty, mask and height', async () => {
    const { port } = await startPool();
    const { source } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
    await start(source);
    const job = await nextJob(source);
    expect(job).toMatchObject({ key: 'p1:1:1', sourceId: 'p1', session: 1, poolJobId: 'job1', shareDifficulty: 0.001, versionMask: 0x1fffe000, extranonce2Size: 4, height: 21, clean: true, nbits: 0x207fffff });
    expect(job.networkTarget).toBe(0x7fffffn << 232n);
    expect(source.state()).toMatchObject({ kind: 'stratum_v1', url: `stratum+tcp://127.0.0.1:${port}`, user: 'acc.rig', status: 'mining', difficulty: 0.001, version_mask: '1fffe000', jobs_received: 1, reconnects: 0, latency_ms: null });
  });

  it('submits with the credentials of the session and resolves with verdict and latency', async () => {
    const answers = [
      { result: true, error: null },
      { result: null, error: [21, 'Job not found', ''] },
    ];
    const { pool, port } = await startPool((socket, line) => {
      politePool(socket, line);
      if (line?.method === 'mining.submit') send(socket, { id: line.id, ...answers.shift() });
    });
    const { source } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
    await start(source);
    const job = await nextJob(source);
    expect(await source.submit(share(job))).toEqual({ status: 'accepted', latency_ms: 0 });
    expect(await source.submit(share(job, { nonce: 7 }))).toEqual({ status: 'stale', code: 21, reason: 'Job not found', latency_ms: 0 });
    expect(pool.lines.at(-2)).toMatchObject({ method: 'mining.submit', params: ['acc.rig', 'job1', '01000000', '6b00b4ee', '12345678', '00002000'] });
    expect(source.state().latency_ms).toBe(0);
  });

  it('withholds a share of an earlier session and of another source', async () => {
    const { pool, port } = await startPool();
    const { source, clock } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
    await start(source);
    const old = await nextJob(source);
    pool.sockets[0]!.destroy();
    await reaches(source, 'backing_off');
    expect(await source.submit(share(old))).toMatchObject({ status: 'withheld' });
    const again = nextJob(source);
    clock.advance(500);
    const job = await again;
    expect(job).toMatchObject({ key: 'p1:2:1', session: 2 });
    expect(await source.submit(share(old))).toEqual({ status: 'withheld', reason: 'the session its job came from is over' });
    expect(await source.submit(share({ ...job, sourceId: 'p2' }))).toMatchObject({ status: 'withheld' });
    expect(pool.lines.filter(({ method }) => method === 'mining.submit')).toEqual([]);
    expect(source.state().reconnects).toBe(1);
  });

  it('voids the work and calls open shares unknown when the connection ends', async () => {
    const { pool, port } = await startPool((socket, line) => {
      politePool(socket, line);
      if (line?.method === 'mining.submit') socket.destroy();
    });
    const { source, clock } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
    await start(source);
    const job = await nextJob(source);
    const invalidated = once(source.events, 'invalidate');
    expect(await source.submit(share(job))).toMatchObject({ status: 'unknown', reason: expect.stringContaining('before the answer') });
    await invalidated;
    expect(source.state()).toMatchObject({ status: 'backing_off', next_attempt_at: clock.now() + 500 });
    expect(pool.connections).toBe(1);
  });

  it('calls a share unknown and reconnects when the pool goes silent after it', async () => {
    const { port } = await startPool();
    const { source, clock } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
    await start(source);
    const job = await nextJob(source);
    const verdict = source.submit(share(job));
    clock.advance(60_000);
    expect(await verdict).toMatchObject({ status: 'unknown' });
    expect(source.state()).toMatchObject({ status: 'backing_off', reason: expect.stringContaining('nothing came from the pool') });
  });

  it('leaves a pool that is connected but silent after 180 s', async () => {
    const { port } = await startPool();
    const { source, clock } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
    await start(source);
    await nextJob(source);
    clock.advance(179_999);
    expect(source.state().status).toBe('mining');
    clock.advance(1);
    expect(source.state()).toMatchObject({ status: 'backing_off', reason: expect.stringContaining('not one line within 180 s') });
  });

  it('pauses longer and longer while nobody listens, each time saying why', async () => {
    const { pool, port } = await startPool();
    await pool.close();
    cleanups.pop();
    const { source, clock } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
    await start(source);
    for (const pauseMs of [500, 1000, 2000]) {
      await reaches(source, 'backing_off');
      expect(source.state().reason).toMatch(/ECONNREFUSED/);
      clock.advance(pauseMs - 1);
      expect(source.state().status).toBe('backing_off');
      clock.advance(1);
      expect(source.state().status).toBe('connecting');
    }
  });

  it('logs in anew, and soon, when a pool that let it in refuses its shares as a stranger\'s', async () => {
    const { pool, port } = await startPool((socket, line) => {
      politePool(socket, line);
      if (line?.method === 'mining.submit') send(socket, { id: line.id, result: null, error: [24, 'Unauthorized worker', null] });
    });
    const { source, clock } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
    await start(source);
    const job = await nextJob(source);
    clock.advance(1000);
    for (let i = 0; i < 3; i++) expect(await source.submit(share(job, { nonce: i }))).toMatchObject({ status: 'unauthorized' });
    await reaches(source, 'auth_failed');
    expect(source.state()).toMatchObject({ reason: 'the pool refused 3 shares in a row: Unauthorized worker', next_attempt_at: clock.now() + 500 });
    const again = nextJob(source);
    clock.advance(500);
    await expect(again).resolves.toMatchObject({ session: 2 });
    expect(pool.connections).toBe(2);
  });

  it('waits 5 minutes after a refused worker and tries again', async () => {
    const { pool, port } = await startPool((socket, line) => {
      if (line?.method === 'mining.authorize') send(socket, { id: line.id, result: false, error: [24, 'Unauthorized worker', null] });
    });
    const { source, clock } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
    await start(source);
    await reaches(source, 'auth_failed');
    expect(source.state()).toMatchObject({ reason: 'the pool refused worker "acc.rig": Unauthorized worker', next_attempt_at: clock.now() + 300_000 });
    pool.script = politePool;
    clock.advance(299_999);
    expect(source.state().status).toBe('auth_failed');
    const job = nextJob(source);
    clock.advance(1);
    expect((await job).session).toBe(2);
  });

  it('leaves mining.configure out after a pool has closed upon it', async () => {
    const { pool, port } = await startPool((socket, line) => {
      if (line?.method === 'mining.configure') socket.destroy();
      else if (!socket.destroyed) politePool(socket, line);
    });
    const { source, clock } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
    await start(source);
    await reaches(source, 'backing_off');
    const job = nextJob(source);
    clock.advance(500);
    expect(await job).toMatchObject({ session: 2, versionMask: 0 });
    expect(pool.lines.filter(({ method }) => method === 'mining.configure')).toHaveLength(1);
  });

  it('asks for its old session when it comes back', async () => {
    const { pool, port } = await startPool();
    const { source, clock } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
    await start(source);
    await nextJob(source);
    pool.sockets[0]!.destroy();
    await reaches(source, 'backing_off');
    const again = nextJob(source);
    clock.advance(500);
    await again;
    expect(pool.lines.filter(({ method }) => method === 'mining.subscribe').map(({ params }) => params)).toEqual([['rigbrain/0.1.0'], ['rigbrain/0.1.0', 'sess1']]);
  });

  it('follows client.reconnect to another port, and comes home when there is no work', async () => {
    const first = await startPool();
    const second = await startPool((socket, line) => {
      politePool(socket, line);
      if (line === null) second.pool.script = (late) => void late.destroy();
    });
    const { source, clock } = makeSource(`stratum+tcp://127.0.0.1:${first.port}`);
    await start(source);
    await nextJob(source);
    send(first.pool.sockets[0]!, { id: null, method: 'client.reconnect', params: ['', second.port, 3] });
    await reaches(source, 'backing_off');
    clock.advance(2_999);
    expect(source.state().status).toBe('backing_off');
    clock.advance(1);
    await second.pool.until(() => second.pool.connections === 1);
    await reaches(source, 'backing_off');
    const home = nextJob(source);
    clock.advance(1_000);
    await home;
    expect(first.pool.connections).toBe(2);
  });

  it('gives up at the deadline on a server that accepts and says nothing to a TLS handshake', async () => {
    const { pool, port } = await startPool(() => undefined);
    const { source, clock } = makeSource(`stratum+ssl://127.0.0.1:${port}`);
    await start(source);
    await pool.until(() => pool.bytesReceived > 0);
    clock.advance(9_999);
    expect(source.state().status).toBe('connecting');
    clock.advance(1);
    expect(source.state()).toMatchObject({ status: 'backing_off', reason: expect.stringContaining('did not complete the TLS handshake within 10 s') });
  });

  it('leaves a pool that asks and asks but does not read the answers', async () => {
    const { pool, port } = await startPool((socket, line) => {
      politePool(socket, line);
      if (line?.method !== 'mining.authorize') return;
      socket.pause();
      const question = `${JSON.stringify({ id: 'x'.repeat(800), method: 'mining.ping', params: [] })}\n`.repeat(1_000);
      const ask = (): void => {
        if (!socket.destroyed) socket.write(question, () => setImmediate(ask));
      };
      ask();
    });
    const { source } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
    await start(source);
    await reaches(source, 'backing_off');
    expect(source.state().reason).toContain('does not read what it is sent');
    expect(pool.connections).toBe(1);
  });

  it('never writes the password into logs or state', async () => {
    const records: Recorded[] = [];
    const { port } = await startPool((socket, line) => {
      if (line?.method === 'mining.authorize') send(socket, { id: line.id, result: false, error: 'no' });
    });
    const { source } = makeSource(`stratum+tcp://127.0.0.1:${port}`, {}, recordingLog(records));
    await start(source);
    await reaches(source, 'auth_failed');
    expect(records.length).toBeGreaterThan(0);
    expect(JSON.stringify([records, source.state()])).not.toContain('hunter2');
  });

  it('shows the message of a pool and counts bad lines across connections', async () => {
    const { pool, port } = await startPool();
    const { source, clock } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
    await start(source);
    await nextJob(source);
    const shown = once(source.events, 'change');
    pool.sockets[0]!.write('garbage\n');
    send(pool.sockets[0]!, { id: null, method: 'client.show_message', params: ['maintenance at \u001b[1mnoon'] });
    await shown;
    expect(source.state()).toMatchObject({ message: 'maintenance at [1mnoon', bad_lines: 1 });
    pool.sockets[0]!.destroy();
    await reaches(source, 'backing_off');
    clock.advance(0);
    expect(source.state().bad_lines).toBe(1);
  });

  it('waits on stop for the answer to a share on its way, then closes and stays closed', async () => {
    let answer: (() => void) | null = null;
    const { pool, port } = await startPool((socket, line) => {
      politePool(socket, line);
      if (line?.method === 'mining.submit') answer = () => send(socket, { id: line.id, result: true, error: null });
    });
    const { source, clock } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
    await start(source);
    const job = await nextJob(source);
    const verdict = source.submit(share(job));
    await pool.until(() => answer !== null);
    const stopped = source.stop();
    expect(source.stop()).toBe(stopped);
    send(pool.sockets[0]!, notify('late'));
    answer!();
    expect(await verdict).toMatchObject({ status: 'accepted' });
    await stopped;
    expect(source.state()).toMatchObject({ status: 'stopped', jobs_received: 1 });
    expect(await source.submit(share(job))).toMatchObject({ status: 'withheld' });
    clock.advance(1_000_000);
    expect(pool.connections).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('stops when the start signal is aborted', async () => {
    const { port } = await startPool();
    const { source } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
    const abort = new AbortController();
    await source.start(abort.signal);
    await nextJob(source);
    abort.abort();
    await reaches(source, 'stopped');
  });

  it.each([
    ['http://127.0.0.1:8332', /not the address of a Stratum V1 pool/],
    ['stratum2+tcp://127.0.0.1:3336', /not the address of a Stratum V1 pool/],
    ['stratum+tcp://abc.onion:3333', /only be reached through a proxy/],
    ['stratum+tcp://127.0.0.1', /port is missing/],
  ])('refuses %s at once', (url, reason) => {
    expect(() => makeSource(url)).toThrow(reason);
  });
});

describe('StratumV1Source over TLS', () => {
  const setUp = async (skip: (note: string) => never, tls: (own: NonNullable<ReturnType<typeof selfSigned>>) => TlsTrust | null, log: Log = silentLog, certificate: CertificateOptions = {}) => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-tls-'));
    cleanups.push(() => rmSync(dir, { recursive: true }));
    const own = selfSigned(dir, certificate) ?? skip('no openssl command on this machine');
    const { pool, port } = await startPool(politePool, own);
    const { source, clock } = makeSource(`stratum+ssl://127.0.0.1:${port}`, { tls: tls(own) }, log);
    await start(source);
    return { source, pool, clock };
  };

  it('refuses a self-signed certificate and sends nothing', async (context) => {
    const { source, pool } = await setUp(context.skip, () => null);
    await reaches(source, 'backing_off');
    expect(source.state().reason).toMatch(/self-signed/i);
    expect(pool.lines).toEqual([]);
  });

  it('accepts the pinned certificate whoever signed it', async (context) => {
    const { source } = await setUp(context.skip, (own) => ({ fingerprint_sha256: own.fingerprint.toLowerCase() }));
    expect(await nextJob(source)).toMatchObject({ poolJobId: 'job1' });
    expect(source.state().url).toMatch(/^stratum\+ssl:/);
  });

  it('refuses any other certificate than the pinned one and sends nothing', async (context) => {
    const { source, pool } = await setUp(context.skip, () => ({ fingerprint_sha256: 'ab'.repeat(32) }));
    await reaches(source, 'backing_off');
    expect(source.state().reason).toMatch(/fingerprint is [0-9a-f]{64}/);
    expect(pool.lines).toEqual([]);
  });

  it('accepts a certificate of the CA given', async (context) => {
    const { source } = await setUp(context.skip, (own) => ({ ca: own.certFile }));
    await nextJob(source);
  });

  it('believes the authorities of the system', async (context) => {
    const { source } = await setUp(context.skip, (own) => {
      vi.stubEnv('SSL_CERT_FILE', own.certFile);
      cleanups.push(() => vi.unstubAllEnvs());
      return null;
    });
    expect(await nextJob(source)).toMatchObject({ poolJobId: 'job1' });
  });

  it('refuses a certificate of the CA given that is for another name, and sends nothing', async (context) => {
    const { source, pool } = await setUp(context.skip, (own) => ({ ca: own.certFile }), silentLog, { names: ['DNS:other.example'] });
    await reaches(source, 'backing_off');
    expect(source.state().reason).toMatch(/for another name: IP: 127\.0\.0\.1/);
    expect(pool.lines).toEqual([]);
  });

  it('refuses an expired certificate of the CA given, and sends nothing', async (context) => {
    const { source, pool } = await setUp(context.skip, (own) => ({ ca: own.certFile }), silentLog, { expired: true });
    await reaches(source, 'backing_off');
    expect(source.state().reason).toMatch(/expired/i);
    expect(pool.lines).toEqual([]);
  });

  it('accepts the pinned certificate although it has expired: the pin says more than its dates', async (context) => {
    const { source } = await setUp(context.skip, (own) => ({ fingerprint_sha256: own.fingerprint }), silentLog, { expired: true });
    await nextJob(source);
  });

  it('says which CA file it cannot read', async (context) => {
    const { source } = await setUp(context.skip, () => ({ ca: '/nonexistent/ca.pem' }));
    await reaches(source, 'backing_off');
    expect(source.state().reason).toContain('/nonexistent/ca.pem');
  });

  it('accepts anything with tls.insecure and warns loudly', async (context) => {
    const records: Recorded[] = [];
    const { source } = await setUp(context.skip, () => ({ insecure: true }), recordingLog(records));
    await nextJob(source);
    expect(records.find(({ level }) => level === 'warn')?.text).toContain('NOT CHECKED');
  });

  it('goes over to TLS when the pool asks for it, and then no longer back', async (context) => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-tls-'));
    cleanups.push(() => rmSync(dir, { recursive: true }));
    const own = selfSigned(dir) ?? context.skip('no openssl command on this machine');
    const plain = await startPool();
    const secure = await startPool(politePool, own);
    const records: Recorded[] = [];
    const { source, clock } = makeSource(`stratum+tcp://localhost:${plain.port}`, { tls: { ca: own.certFile } }, recordingLog(records));
    await start(source);
    await nextJob(source);
    send(plain.pool.sockets[0]!, { id: null, method: 'client.reconnect', params: ['stratum+ssl://localhost', secure.port, 0] });
    await reaches(source, 'backing_off');
    const job = nextJob(source);
    clock.advance(2_000);
    await job;
    expect([plain.pool.connections, secure.pool.connections]).toEqual([1, 1]);
    const told = once(source.events, 'change');
    send(secure.pool.sockets[0]!, { id: null, method: 'client.reconnect', params: ['stratum+tcp://localhost', plain.port, 0] });
    await told;
    expect(records.at(-1)!.text).toMatch(/refused: it would leave TLS/);
    expect(source.state().status).toBe('mining');
  });

  it('tells plain TCP from TLS in both directions', async (context) => {
    const plain = await startPool();
    const { source } = makeSource(`stratum+ssl://127.0.0.1:${plain.port}`);
    plain.pool.script = (socket) => void socket.write('{"id":null}\n');
    await start(source);
    await reaches(source, 'backing_off');
    expect(source.state().reason).toMatch(/does not speak TLS|TLS failed/);

    const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-tls-'));
    cleanups.push(() => rmSync(dir, { recursive: true }));
    const own = selfSigned(dir) ?? context.skip('no openssl command on this machine');
    const secure = await startPool(politePool, own);
    const { source: other } = makeSource(`stratum+tcp://127.0.0.1:${secure.port}`);
    await start(other);
    await reaches(other, 'backing_off');
    expect(other.state().reason).toMatch(/TLS server|closed/);
  });
});
