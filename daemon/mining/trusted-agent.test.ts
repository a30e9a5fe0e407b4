import { mkdtempSync, rmSync } from 'node:fs';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../protocol/common/clock.ts';
import { findProgram } from '../../test/harness.ts';
import type { TlsTrust } from '../tls-trust.ts';
import { selfSigned, type CertificateOptions, type TestCertificate } from './certificate.fixture.ts';
import { NodeRpc } from './node-rpc.ts';
import { TrustedAgent } from './trusted-agent.ts';

const hasOpenssl = findProgram('openssl') !== null;

let dir: string;
const cleanups: (() => unknown)[] = [];
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-agent-'));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  rmSync(dir, { recursive: true });
});

/** A node behind TLS, and what it heard. */
async function node(trust: (own: TestCertificate) => TlsTrust, certificate: CertificateOptions = {}): Promise<{ rpc: NodeRpc; heard: string[] }> {
  const own = selfSigned(dir, certificate)!;
  const heard: string[] = [];
  const server = https.createServer({ key: own.key, cert: own.cert }, (request, response) => {
    heard.push(request.headers.authorization ?? '');
    response.setHeader('content-type', 'application/json').end('{"id":1,"result":"tip","error":null}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve)), () => server.closeAllConnections());
  const rpc = new NodeRpc({ url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, user: 'u', password: 'p', cookieFile: null, tls: trust(own) }, systemClock);
  cleanups.push(() => rpc.close());
  return { rpc, heard };
}

it.runIf(hasOpenssl).each<[string, (own: TestCertificate) => TlsTrust, CertificateOptions]>([
  ['its CA is given', (own) => ({ ca: own.certFile }), {}],
  ['it is pinned', (own) => ({ fingerprint_sha256: own.fingerprint }), { names: ['DNS:other.example'], expired: true }],
  ['anything is accepted', () => ({ insecure: true }), {}],
])('a node is asked when %s', async (_, trust, certificate) => {
  const { rpc, heard } = await node(trust, certificate);
  expect([await rpc.call('getbestblockhash'), await rpc.call('getbestblockhash')]).toEqual(['tip', 'tip']);
  expect(heard).toHaveLength(2);
});

it.runIf(hasOpenssl).each<[string, (own: TestCertificate) => TlsTrust, CertificateOptions, RegExp]>([
  ['nobody we know signed it', () => ({}), {}, /self-signed/],
  ['it is for another name', (own) => ({ ca: own.certFile }), { names: ['DNS:other.example'] }, /altnames|127\.0\.0\.1/],
  ['it has expired', (own) => ({ ca: own.certFile }), { expired: true }, /expired/],
  ['another is pinned', () => ({ fingerprint_sha256: 'ab'.repeat(32) }), {}, /fingerprint is [0-9a-f]{64}, not the one pinned/],
  ['the CA file is not there', () => ({ ca: '/nonexistent/ca.pem' }), {}, /\/nonexistent\/ca\.pem/],
])('a node hears nothing, least of all the password, when %s', async (_, trust, certificate, words) => {
  const { rpc, heard } = await node(trust, certificate);
  await expect(rpc.call('getbestblockhash')).rejects.toThrow(words);
  expect(heard).toEqual([]);
});

it.each([
  ['after its own deadline, whatever became of the request', 50, false],
  ['with the agent', 600_000, true],
])('a connection to a port that never shakes hands ends %s', async (_, connectMs, close) => {
  const closed: Promise<unknown>[] = [];
  const deaf = net.createServer((socket) => {
    socket.on('error', () => {}).resume();
    closed.push(new Promise((resolve) => socket.once('close', resolve)));
  });
  await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => deaf.close());
  const agent = new TrustedAgent({}, { keepAlive: true }, systemClock, connectMs);
  const request = https.request({ host: '127.0.0.1', port: (deaf.address() as AddressInfo).port, agent });
  request.on('error', () => {}).end();
  await vi.waitFor(() => expect(closed).toHaveLength(1));
  request.destroy();
  if (close) agent.destroy();
  await closed[0];
});
