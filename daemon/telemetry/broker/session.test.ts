import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterEach, describe, expect, test, type TestContext } from 'vitest';
import { systemClock } from '../../../protocol/common/clock.ts';
import { silentLog } from '../../../protocol/common/log.ts';
import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import { startEmbeddedBroker } from '../embedded-broker.ts';
import { MqttProbe, eventually } from '../mqtt-probe.fixture.ts';
import { parseBrokerUrl } from './address.ts';
import { BrokerLink } from './link.ts';
import { openSession, type SessionOptions } from './session.ts';
import type { TlsTrust } from '../../tls-trust.ts';

const cleanup: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

const will = { topic: 'rig/status', payload: 'offline', qos: 1, retain: true } as const;
const options = (url: string, trust?: TlsTrust): SessionOptions => ({ address: parseBrokerUrl(url), tls: trust, user: 'rig', password: 's3cret-word', clientId: 'rigbrain-test', keepaliveSeconds: 15, connectTimeoutMs: 5000, will });

/** Serves raw connections; what they send is kept, so that a test can see that a password was not among it. */
async function serve(create: (onSocket: (socket: net.Socket) => void) => net.Server, onData: (socket: net.Socket, data: Buffer) => void = () => {}): Promise<{ port: number; received: Buffer[]; server: net.Server }> {
  const received: Buffer[] = [];
  const sockets = new Set<net.Socket>();
  const server = create((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (data: Buffer) => {
      received.push(data);
      onData(socket, data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as net.AddressInfo).port, received, server };
}

describe('handshake', () => {
  test('a broker that takes the connection and says nothing is given up at the deadline', async () => {
    const clock = new ManualClock();
    const { port, received } = await serve((onSocket) => net.createServer(onSocket));
    const attempt = openSession(options(`mqtt://127.0.0.1:${port}`), 5, clock, new AbortController().signal);
    const failed = expect(attempt).rejects.toMatchObject({ kind: 'dropped', message: 'no answer within 5000 ms' });
    await eventually('the CONNECT packet', () => received.length > 0);
    clock.advance(5000);
    await failed;
    expect(clock.pendingTimers).toBe(0);
  });

  test('an attempt can be aborted', async () => {
    const { port, received } = await serve((onSocket) => net.createServer(onSocket));
    const abort = new AbortController();
    const attempt = openSession(options(`mqtt://127.0.0.1:${port}`), 5, new ManualClock(), abort.signal);
    const failed = expect(attempt).rejects.toThrow('stopped');
    await eventually('the CONNECT packet', () => received.length > 0);
    abort.abort();
    await failed;
  });

  test('garbage instead of MQTT is an error, not a crash', async () => {
    const { port } = await serve(
      (onSocket) => net.createServer(onSocket),
      (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    await expect(openSession(options(`mqtt://127.0.0.1:${port}`), 4, systemClock, new AbortController().signal)).rejects.toMatchObject({ name: 'HandshakeError', kind: 'dropped' });
  });

  test('nobody there says nothing about the version', async () => {
    const { port, server } = await serve((onSocket) => net.createServer(onSocket));
    await new Promise((resolve) => server.close(resolve));
    await expect(openSession(options(`mqtt://127.0.0.1:${port}`), 5, systemClock, new AbortController().signal)).rejects.toMatchObject({ kind: 'other', message: expect.stringContaining('ECONNREFUSED') });
  });
});

describe('fallback to 3.1.1', () => {
  /** An old broker that drops MQTT 5 without a word: byte 8 of a CONNECT is the protocol level. */
  async function dropsVersion5(): Promise<{ url: string; tried: number[] }> {
    const behind = await startEmbeddedBroker({ port: 0 });
    cleanup.push(() => behind.close());
    const tried: number[] = [];
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (data: Buffer) => {
        const level = data.indexOf('MQTT') + 4;
        tried.push(data[level] ?? 0);
        if (data[level] === 5) {
          socket.destroy();
          return;
        }
        const upstream = net.connect(behind.port, behind.host);
        upstream.on('error', () => {});
        upstream.write(data);
        socket.pipe(upstream).pipe(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanup.push(() => new Promise((resolve) => server.close(resolve)));
    return { url: `mqtt://127.0.0.1:${(server.address() as net.AddressInfo).port}`, tried };
  }

  test('is found for a broker that just drops version 5, and remembered', async () => {
    const { url, tried } = await dropsVersion5();
    const link = new BrokerLink(options(url), { clock: systemClock, log: silentLog, timing: { minDelayMs: 10, maxDelayMs: 20 } });
    cleanup.push(() => link.stop(will, 500));
    link.start();
    const session = await eventually('a session', () => link.session);
    expect(session.protocol).toBe(4);
    expect(tried).toEqual([5, 5, 4]);
    session.abort();
    await eventually('another session', () => link.sessions === 2);
    expect(tried).toEqual([5, 5, 4, 4]);
  });
});

describe('TLS', () => {
  function selfSigned(context: TestContext): { key: string; cert: string; file: string } {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-tls-'));
    cleanup.push(() => rmSync(dir, { recursive: true, force: true }));
    const [key, cert] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')];
    try {
      execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' });
    } catch {
      context.skip('openssl is not installed');
    }
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8'), file: cert };
  }

  async function secureBroker(context: TestContext): Promise<{ url: string; cert: string; file: string; received: Buffer[] }> {
    const { key, cert, file } = selfSigned(context);
    const behind = await startEmbeddedBroker({ port: 0 });
    cleanup.push(() => behind.close());
    const { port, received } = await serve((onSocket) =>
      tls.createServer({ key, cert }, (socket) => {
        onSocket(socket);
        const upstream = net.connect(behind.port, behind.host);
        upstream.on('error', () => {});
        socket.pipe(upstream).pipe(socket);
      }),
    );
    return { url: `mqtts://127.0.0.1:${port}`, cert, file, received };
  }

  const open = (url: string, trust?: TlsTrust): ReturnType<typeof openSession> => openSession(options(url, trust), 4, systemClock, new AbortController().signal);

  test('a certificate nobody we trust has signed is refused before a byte is sent', async (context) => {
    const { url, received } = await secureBroker(context);
    await expect(open(url)).rejects.toMatchObject({ kind: 'other', message: expect.stringMatching(/self.signed/) });
    expect(Buffer.concat(received).length).toBe(0);
  });

  test('its own CA, its fingerprint, or the insecure switch let it in', async (context) => {
    const { url, cert, file } = await secureBroker(context);
    const fingerprint = new X509Certificate(cert).fingerprint256;
    for (const trust of [{ ca: file }, { fingerprint_sha256: fingerprint }, { fingerprint_sha256: fingerprint.replaceAll(':', '').toLowerCase() }, { insecure: true }]) {
      const session = await open(url, trust);
      session.abort();
      await session.closed;
    }
  });

  test('a wrong fingerprint is refused before the password is sent', async (context) => {
    const { url, received } = await secureBroker(context);
    await expect(open(url, { fingerprint_sha256: '00'.repeat(32) })).rejects.toThrow(/fingerprint/);
    expect(Buffer.concat(received).length).toBe(0);
  });

  test('a CA file that cannot be read fails the attempt and names the file', async () => {
    const missing = path.join(os.tmpdir(), 'rigbrain-no-such-ca.pem');
    await expect(open('mqtts://127.0.0.1:1', { ca: missing })).rejects.toMatchObject({ kind: 'other', message: expect.stringContaining(missing) });
  });
});

describe('session', () => {
  test('a message larger than a packet may be is refused here, not by a dropped link', async () => {
    const broker = await startEmbeddedBroker({ port: 0 });
    cleanup.push(() => broker.close());
    const session = await openSession(options(broker.url), 4, systemClock, new AbortController().signal);
    cleanup.push(() => session.close(will, 500));
    expect(await session.publish({ ...will, payload: 'x'.repeat(300_000) })).toMatchObject({ status: 'refused', reason: expect.stringContaining('larger than') });
    expect(await session.publish({ ...will, payload: 'fine' })).toEqual({ status: 'sent' });
  });

  test('what is under way when the link breaks is told to be lost, and later messages too', async () => {
    const broker = await startEmbeddedBroker({ port: 0 });
    cleanup.push(() => broker.close());
    const session = await openSession(options(broker.url), 4, systemClock, new AbortController().signal);
    const outcomes = Array.from({ length: 40 }, () => session.publish(will));
    session.abort();
    const statuses = new Set((await Promise.all(outcomes)).map(({ status }) => status));
    expect(statuses).toEqual(new Set(['lost']));
    await session.closed;
    expect(await session.publish(will)).toMatchObject({ status: 'lost', reason: 'not connected' });
  });

  test('a broker that stops answering is given up by keepalive', async () => {
    const friendlyOnce = new Set<net.Socket>();
    const { port } = await serve(
      (onSocket) => net.createServer(onSocket),
      (socket) => {
        if (friendlyOnce.has(socket)) return;
        friendlyOnce.add(socket);
        socket.write(Buffer.from('20020000', 'hex')); // CONNACK, accepted; then silence
      },
    );
    const session = await openSession({ ...options(`mqtt://127.0.0.1:${port}`), keepaliveSeconds: 1 }, 4, systemClock, new AbortController().signal);
    const underWay = session.publish(will);
    expect(await session.closed).toMatch(/keepalive/i);
    expect(await underWay).toMatchObject({ status: 'lost' });
  });

  test('QoS 1 messages beyond the window all arrive, in order', async () => {
    const broker = await startEmbeddedBroker({ port: 0 });
    cleanup.push(() => broker.close());
    const probe = await MqttProbe.open(broker.url);
    cleanup.push(() => probe.close());
    const session = await openSession(options(broker.url), 4, systemClock, new AbortController().signal);
    cleanup.push(() => session.close(will, 500));
    await Promise.all(Array.from({ length: 100 }, (_, n) => session.publish({ topic: 'n', payload: String(n), qos: 1, retain: false })));
    await eventually('all of them', () => probe.seen.length === 100);
    expect(probe.seen.map(({ text }) => Number(text))).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });
});
